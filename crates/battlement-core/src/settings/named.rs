use serde::{Deserialize, Deserializer, de::Error as _};
use serde_path_to_error::{Deserializer as Tracked, Track};

/// Settings that are read by a derived deserializer, whose errors do not name the field.
///
/// [`settings!`](crate::settings!) implements the trait. `Deserialize` of the same type goes through [`named`].
pub trait Settings<'de>: Sized {
    /// Reads the settings without naming the field of an error.
    ///
    /// # Errors
    ///
    /// When a value cannot be read.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads settings; an error begins with the path of the field that it is about, as `policies[1].quota`.
///
/// The path has the keys as the file spells them. The errors of formats that name the field themselves, as those of
/// YAML do, are unchanged.
///
/// # Errors
///
/// When a value cannot be read.
pub fn named<'de, T: Settings<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut track = Track::new();
    T::read(Tracked::new(deserializer, &mut track)).map_err(|error| {
        let path = track.path();
        if path.iter().next().is_none() {
            return error;
        }
        let (path, text) = (path.to_string(), error.to_string());
        if names(&text, &path) { error } else { D::Error::custom(format_args!("{path}: {text}")) }
    })
}

/// Returns whether `text` begins with `path`, or with a longer path that ends in it.
fn names(text: &str, path: &str) -> bool {
    let head = text.split_once(": ").map_or("", |(head, _)| head);
    head.strip_suffix(path).is_some_and(|parent| parent.is_empty() || parent.ends_with('.'))
}

/// Settings inside other settings, whose path names the field already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed<T>(pub T);

impl<'de, T: Settings<'de>> Deserialize<'de> for Unnamed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::settings! {
        #[derive(Debug, Default, PartialEq)]
        #[derive(Deserialize)]
        #[serde(remote = "Outer", default = "Outer::default", deny_unknown_fields, rename_all = "camelCase")]
        struct Outer {
            #[serde(alias = "a")]
            an_amount: u32,
            #[serde(deserialize_with = "all_inner")]
            list: Vec<Inner>,
        }
    }

    crate::settings! {
        #[derive(Debug, PartialEq)]
        #[derive(Deserialize)]
        #[serde(remote = "Inner", deny_unknown_fields)]
        struct Inner {
            quota: u32,
        }
    }

    fn all_inner<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Inner>, D::Error> {
        let list = Vec::<Unnamed<Inner>>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|Unnamed(inner)| inner).collect())
    }

    fn error(json: &str) -> String {
        serde_json::from_str::<Outer>(json).unwrap_err().to_string()
    }

    #[test]
    fn valid_settings_are_read_as_by_a_derived_deserializer() {
        let read =
            serde_json::from_str::<Outer>(r#"{ "a": 7, "list": [{ "quota": 1 }] }"#).unwrap();
        assert_eq!(read, Outer { an_amount: 7, list: vec![Inner { quota: 1 }] });
        assert_eq!(serde_json::from_str::<Outer>("{}").unwrap(), Outer::default());
    }

    #[test]
    fn a_wrong_type_is_reported_with_the_path_of_its_field_as_the_file_writes_it() {
        for (json, start) in [
            (r#"{ "anAmount": "x" }"#, "anAmount: invalid type: string \"x\", expected u32"),
            (r#"{ "a": -1 }"#, "a: invalid value: integer `-1`, expected u32"),
            (r#"{ "list": [{ "quota": 1 }, { "quota": [] }] }"#, "list[1].quota: invalid type:"),
            (r#"{ "list": [{}] }"#, "list[0]: missing field `quota`"),
            (r#"{ "list": [{ "qouta": 1 }] }"#, "list[0].qouta: unknown field `qouta`"),
            (r#"{ "list": 5 }"#, "list: invalid type: integer `5`, expected a sequence"),
        ] {
            assert!(error(json).starts_with(start), "{start} does not begin {}", error(json));
        }
    }

    #[test]
    fn an_error_keeps_its_place_in_the_file() {
        assert!(
            error("{\n\"a\": true }").ends_with(" at line 2 column 9"),
            "{}",
            error("{\n\"a\": true }")
        );
        assert_eq!(error("7").lines().count(), 1);
    }

    #[test]
    fn a_list_of_inner_settings_that_is_read_alone_names_its_fields_too() {
        let error = serde_json::from_str::<Vec<Inner>>(r#"[{ "quota": "x" }]"#).unwrap_err();
        assert!(error.to_string().starts_with("quota: invalid type"), "{error}");
    }

    #[test]
    fn a_path_that_the_format_has_written_is_not_written_twice() {
        assert!(names("list[1].quota: invalid type", "list[1].quota"));
        assert!(names("limits.list[1].quota: invalid type", "list[1].quota"));
        assert!(!names("a_quota: invalid type", "quota"));
        assert!(!names("invalid type: string", "quota"));
        assert!(!names("quota", "quota"));
    }
}
