//! Style sheet and scripts: compiled in, under names that hold a hash of their content.
//!
//! A changed file has a new name, so a browser may keep what it has for ever. Both compressed forms are made once, when the first browser
//! asks for the file.

use crate::reply;
use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{io::Write, sync::LazyLock, sync::OnceLock};

const PREFIX: &str = "/assets/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

struct Source {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! source {
    ($name:literal, $path:literal, $kind:literal) => {
        Source { name: $name, kind: $kind, bytes: include_bytes!(concat!("../../assets/", $path)) }
    };
}

/// htmx and its extension for live parts, in one file. As two, the extension could come late: htmx looks at the page in the first moment after it has
/// run, knows nothing of an extension that is still on its way, and the live parts of that page would stand still.
const HTMX: Source = Source {
    name: "htmx.js",
    kind: "text/javascript; charset=utf-8",
    bytes: concat!(include_str!("../../assets/vendor/htmx-4.0.1.min.js"), "\n", include_str!("../../assets/vendor/hx-sse-4.0.1.min.js"))
        .as_bytes(),
};

/// Everything there is. htmx and uPlot are vendored from their npm packages, unchanged; their licences lie beside them. uPlot and what uses it
/// are loaded by pages with a chart only.
static SOURCES: &[Source] = &[
    source!("console.css", "console.css", "text/css; charset=utf-8"),
    source!("console.js", "console.js", "text/javascript; charset=utf-8"),
    HTMX,
    source!("icon.svg", "icon.svg", "image/svg+xml"),
    source!("chart.js", "chart.js", "text/javascript; charset=utf-8"),
    source!("uplot.js", "vendor/uplot-1.6.32.min.js", "text/javascript; charset=utf-8"),
    source!("uplot.css", "vendor/uplot-1.6.32.min.css", "text/css; charset=utf-8"),
];

struct Asset {
    source: &'static Source,
    href: String,
    etag: HeaderValue,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| SOURCES.iter().map(Asset::new).collect());

impl Asset {
    fn new(source: &'static Source) -> Self {
        let hash: String = Sha256::digest(source.bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let (stem, extension) = source.name.rsplit_once('.').expect("every file of ours has an extension");
        Self {
            source,
            href: format!("{PREFIX}{stem}-{hash}.{extension}"),
            etag: HeaderValue::try_from(format!("\"{hash}\"")).expect("hexadecimal digits are a header value"),
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
        }
    }

    fn gzip(&self) -> Bytes {
        let made = self.gzip.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(self.source.bytes).and_then(|()| encoder.finish()).expect("memory can be written to").into()
        });
        made.clone()
    }

    fn brotli(&self) -> Bytes {
        let made = self.brotli.get_or_init(|| {
            let mut out = Vec::new();
            let mut encoder = brotli::CompressorWriter::new(&mut out, 16 * 1024, 9, 20);
            encoder.write_all(self.source.bytes).expect("memory can be written to");
            drop(encoder);
            out.into()
        });
        made.clone()
    }
}

/// The address of a file.
///
/// # Panics
/// When there is no such file: a page names what it was compiled with.
pub(crate) fn href(name: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.source.name == name);
    &found.unwrap_or_else(|| panic!("there is no file `{name}`")).href
}

pub(crate) fn is_asset(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Answers for a path under `/assets/`.
pub(crate) fn serve(parts: &Parts) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.href == parts.uri.path()) else { return reply::empty(StatusCode::NOT_FOUND) };
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return reply::with_header(reply::empty(StatusCode::METHOD_NOT_ALLOWED), header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    let known = parts.headers.get_all(header::IF_NONE_MATCH).iter().any(|tag| tag == asset.etag);
    let mut response = reply::empty(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    let headers = response.headers_mut();
    headers.insert(header::ETAG, asset.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if known {
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.source.kind));
    let (body, coding) = if accepts(parts, "br") {
        (asset.brotli(), Some("br"))
    } else if accepts(parts, "gzip") {
        (asset.gzip(), Some("gzip"))
    } else {
        (Bytes::from_static(asset.source.bytes), None)
    };
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    *response.body_mut() = Body::from(body);
    response
}

/// Whether the browser takes this coding. One with `q=0` it does not.
fn accepts(parts: &Parts, coding: &str) -> bool {
    let ranges = parts.headers.get_all(header::ACCEPT_ENCODING).iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    ranges
        .filter_map(|range| range.split(';').next().map(|name| (name.trim(), range)))
        .any(|(name, range)| name.eq_ignore_ascii_case(coding) && !range.replace(' ', "").ends_with(";q=0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use std::io::Read;

    fn get(path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        serve(&request.body(()).expect("a request").into_parts().0)
    }

    async fn body(response: Response) -> Bytes {
        axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body")
    }

    #[tokio::test]
    async fn each_file_comes_as_the_browser_wants_it_and_is_kept_for_ever() {
        for source in SOURCES {
            let path = href(source.name);
            let plain = get(path, &[]);
            assert_eq!(plain.headers()[header::CACHE_CONTROL], FOR_EVER);
            let tag = plain.headers()[header::ETAG].to_str().expect("text").to_owned();
            assert_eq!(body(plain).await, source.bytes, "{path}");
            let zipped = get(path, &[("accept-encoding", "gzip, br;q=0")]);
            assert_eq!(zipped.headers()[header::CONTENT_ENCODING], "gzip");
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(&body(zipped).await[..]).read_to_end(&mut read).expect("gzip");
            assert_eq!(read, source.bytes);
            let small = get(path, &[("accept-encoding", "gzip, deflate, br")]);
            assert_eq!(small.headers()[header::CONTENT_ENCODING], "br");
            let mut read = Vec::new();
            brotli::Decompressor::new(&body(small).await[..], 4096).read_to_end(&mut read).expect("brotli");
            assert_eq!(read, source.bytes);
            assert_eq!(get(path, &[("if-none-match", &tag)]).status(), StatusCode::NOT_MODIFIED);
        }
        assert_eq!(get("/assets/console.css", &[]).status(), StatusCode::NOT_FOUND, "the name without its hash");
    }

    #[test]
    fn an_extension_is_there_when_htmx_looks_at_the_page() {
        let text = |source: &Source| std::str::from_utf8(source.bytes).expect("text").to_owned();
        assert!(text(&HTMX).contains("registerExtension(\"sse\""));
        let late = SOURCES.iter().filter(|source| source.name != HTMX.name && text(source).contains("htmx.registerExtension"));
        assert_eq!(late.map(|source| source.name).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[tokio::test]
    async fn a_first_visit_loads_less_than_sixty_kilobytes() {
        let (mut sum, mut of_charts) = (0, 0);
        for source in SOURCES {
            let size = body(get(href(source.name), &[("accept-encoding", "br")])).await.len();
            *if matches!(source.name, "chart.js" | "uplot.js" | "uplot.css") { &mut of_charts } else { &mut sum } += size;
        }
        assert!(sum + of_charts < 60_000, "{sum}, {of_charts}");
    }
}
