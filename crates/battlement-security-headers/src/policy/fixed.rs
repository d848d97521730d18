//! Headers with a fixed set of values.

/// A type for each header, with a variant for each value.
macro_rules! fixed {
    ($(
        $(#[$doc:meta])*
        $name:ident for $header:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $value:literal,)*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub enum $name {
                $($(#[$variant_doc])* $variant,)*
            }

            impl $name {
                /// All values.
                pub const ALL: &[Self] = &[$(Self::$variant,)*];

                /// Returns the value of the header.
                #[must_use]
                pub const fn as_str(self) -> &'static str {
                    match self {
                        $(Self::$variant => $value,)*
                    }
                }
            }

            impl From<$name> for crate::SecurityHeader {
                fn from(policy: $name) -> Self {
                    Self::fixed(crate::Header::$header, policy.as_str())
                }
            }
        )*
    };
}

pub(super) use fixed;
