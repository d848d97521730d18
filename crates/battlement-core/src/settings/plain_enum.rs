use std::fmt;

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, IgnoredAny, IntoDeserializer, MapAccess, VariantAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};

/// Reads an enum as a word, or as a map with one key: the name of a variant that holds data.
///
/// JSON and TOML already write enums in this form. Readers of YAML expect a tag (`!peers [..]`) and reject `{ peers:
/// [..] }`; with this deserializer they accept both. Formats that are not self-describing are unaffected.
///
/// # Example
///
/// ```
/// use battlement_core::settings::PlainEnum;
/// use serde::{Deserialize, Deserializer};
///
/// #[derive(Debug, PartialEq)]
/// enum Trust {
///     Never,
///     Peers(Vec<String>),
/// }
///
/// #[derive(Deserialize)]
/// #[serde(remote = "Trust", rename_all = "kebab-case")]
/// enum Plain {
///     Never,
///     Peers(Vec<String>),
/// }
///
/// impl<'de> Deserialize<'de> for Trust {
///     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
///         Plain::deserialize(PlainEnum::new(deserializer))
///     }
/// }
///
/// let trust: Trust = serde_json::from_str(r#"{ "peers": ["10.0.0.1"] }"#).unwrap();
/// assert_eq!(trust, Trust::Peers(vec!["10.0.0.1".into()]));
/// ```
#[derive(Debug)]
pub struct PlainEnum<D>(D);

impl<D> PlainEnum<D> {
    /// Wraps the deserializer of an enum.
    pub const fn new(deserializer: D) -> Self {
        Self(deserializer)
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for PlainEnum<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if self.0.is_human_readable() {
            self.0.deserialize_any(WordOrMap { visitor, variants })
        } else {
            self.0.deserialize_enum(name, variants, visitor)
        }
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct WordOrMap<V> {
    visitor: V,
    variants: &'static [&'static str],
}

impl<'de, V: Visitor<'de>> Visitor<'de> for WordOrMap<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a variant among ")?;
        for (index, variant) in self.variants.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}`{variant}`")?;
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<V::Value, E> {
        self.visitor.visit_enum(word.into_deserializer())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(OneKey(map))
    }

    /// Reads a tag.
    fn visit_enum<A: EnumAccess<'de>>(self, tag: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(tag)
    }
}

/// A map whose only key is the name of a variant, and whose value is the variant's content.
struct OneKey<A>(A);

impl<'de, A: MapAccess<'de>> OneKey<A> {
    fn content<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, A::Error> {
        let content = self.0.next_value_seed(seed)?;
        match self.0.next_key::<IgnoredAny>()? {
            None => Ok(content),
            Some(_) => Err(Error::custom("must be a map with one key")),
        }
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for OneKey<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<(S::Value, Self), A::Error> {
        match self.0.next_key_seed(seed)? {
            Some(variant) => Ok((variant, self)),
            None => Err(Error::custom("must be a map with one key")),
        }
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for OneKey<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.content(std::marker::PhantomData)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.content(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.content(Content { visitor, shape: Shape::Tuple(len) })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.content(Content { visitor, shape: Shape::Struct(fields) })
    }
}

/// The content of a variant with several fields.
struct Content<V> {
    visitor: V,
    shape: Shape,
}

enum Shape {
    Tuple(usize),
    Struct(&'static [&'static str]),
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Content<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        match self.shape {
            Shape::Tuple(len) => deserializer.deserialize_tuple(len, self.visitor),
            Shape::Struct(fields) => deserializer.deserialize_struct("", fields, self.visitor),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, de::value::MapDeserializer};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Plain {
        Unit,
        Newtype(u32),
        Tuple(u32, u32),
        Struct { share: u32 },
    }

    fn read(json: &str) -> Result<Plain, String> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let read = Plain::deserialize(PlainEnum::new(&mut deserializer));
        read.map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_of_variant_is_read_as_a_word_or_a_map_with_one_key() {
        assert_eq!(read(r#""unit""#), Ok(Plain::Unit));
        assert_eq!(read(r#"{ "unit": null }"#), Ok(Plain::Unit));
        assert_eq!(read(r#"{ "newtype": 1 }"#), Ok(Plain::Newtype(1)));
        assert_eq!(read(r#"{ "tuple": [1, 2] }"#), Ok(Plain::Tuple(1, 2)));
        assert_eq!(read(r#"{ "struct": { "share": 25 } }"#), Ok(Plain::Struct { share: 25 }));
    }

    #[test]
    fn an_unknown_variant_is_quoted_beside_the_known_ones() {
        let known = "unknown variant `other`, expected one of `unit`, `newtype`, `tuple`, `struct`";
        assert!(read(r#""other""#).unwrap_err().starts_with(known));
        assert!(read(r#"{ "other": 1 }"#).unwrap_err().starts_with(known));
        let wrong = "invalid type: integer `7`, expected a variant among `unit`, `newtype`, `tuple`, `struct`";
        assert!(read("7").unwrap_err().starts_with(wrong), "{:?}", read("7"));
    }

    #[test]
    fn a_map_with_no_key_or_with_two_is_refused() {
        for map in ["{}", r#"{ "newtype": 1, "unit": null }"#] {
            assert!(read(map).unwrap_err().starts_with("must be a map with one key"), "{map}");
        }
    }

    #[test]
    fn a_format_that_does_not_describe_itself_is_read_as_without_it() {
        struct Binary;
        impl<'de> Deserializer<'de> for Binary {
            type Error = serde::de::value::Error;
            fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
                Err(Error::custom("does not describe itself"))
            }
            fn deserialize_enum<V: Visitor<'de>>(
                self,
                _: &'static str,
                _: &'static [&'static str],
                visitor: V,
            ) -> Result<V::Value, Self::Error> {
                let content = MapDeserializer::new([("newtype", 1_u32)].into_iter());
                visitor.visit_enum(serde::de::value::MapAccessDeserializer::new(content))
            }
            fn is_human_readable(&self) -> bool {
                false
            }
            forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
                unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
            }
        }
        assert_eq!(Plain::deserialize(PlainEnum::new(Binary)), Ok(Plain::Newtype(1)));
    }
}
