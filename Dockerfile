# syntax=docker/dockerfile:1
# One image for every role: `muster serve`, `muster gateway`, `muster worker`, `muster migrate`.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The registry and the build directory are kept between builds; what is shipped is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin muster \
    && cp target/release/muster /muster \
    && mkdir /data

# The binary needs the C library and nothing else: the CA list is compiled in. It does not run as root.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="muster" \
      org.opencontainers.image.description="SCIM 2.0 provisioning that never locks the database" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /muster /usr/local/bin/muster
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV MUSTER_DATA_DIR=/data \
    MUSTER_HTTP__LISTEN=0.0.0.0:8080 \
    MUSTER_LOG__FORMAT=json
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# A worker has no HTTP: override this with ["muster", "healthcheck", "--worker"].
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/muster", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/muster"]
CMD ["serve"]
