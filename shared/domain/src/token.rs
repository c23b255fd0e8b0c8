//! What every token of ours is: random, with a prefix that says which kind, checked against mistyping, and stored as its SHA-256 only.
//!
//! Each kind has a prefix of its own, so that none is ever taken for another, and shows in no debug output.

macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(String);

        impl $name {
            /// A new one.
            ///
            /// # Panics
            /// When the operating system gives no random bytes.
            #[must_use]
            pub fn generate() -> Self {
                Self($crate::secret_key::generate($prefix))
            }

            /// Reads one that was presented; none when it is mistyped, cut short or none of ours.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                $crate::secret_key::is_well_formed($prefix, text).then(|| Self(text.to_owned()))
            }

            /// What is stored of it.
            #[must_use]
            pub fn hash(&self) -> $crate::secret_key::SecretKeyHash {
                $crate::secret_key::SecretKeyHash(<sha2::Sha256 as sha2::Digest>::digest(self.0.as_bytes()).into())
            }

            /// The token itself.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

pub(crate) use token;
