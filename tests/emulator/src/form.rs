//! Parameters in `application/x-www-form-urlencoded`, from a query or a body.

use std::collections::{BTreeMap, HashSet};

/// The words of a parameter such as `scope`.
pub(crate) fn words(parameter: Option<&str>) -> Vec<String> {
    parameter.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}

/// Parameters in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The parameter's value. An empty value counts as absent (RFC 6749 section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first name that was sent more than once, which RFC 6749 section 3.1 forbids.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.0.iter().map(|(key, _)| key.as_str()).find(|key| !seen.insert(*key))
    }

    pub(crate) fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
    }

    /// Without the parameters of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// With standard names in place of a service's own. A standard name that the service replaces means nothing to it.
    pub(crate) fn renamed(&self, names: &BTreeMap<String, String>) -> Self {
        let standard = |name: &String| match names.iter().find(|(_, own)| *own == name) {
            Some((standard, _)) => Some(standard.clone()),
            None => (!names.contains_key(name)).then(|| name.clone()),
        };
        Self(self.0.iter().filter_map(|(name, value)| Some((standard(name)?, value.clone()))).collect())
    }

    /// These parameters, then the other's.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    pub(crate) fn parameters(&self) -> &[(String, String)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_count_as_absent_and_repeated_names_are_found() {
        let form = Form::parse(b"code=&scope=a+b&grant_type=refresh_token&scope=c%20d");
        assert_eq!(form.get("code"), None);
        assert_eq!(form.get("scope"), Some("a b"));
        assert_eq!(form.repeated(), Some("scope"));
        assert_eq!(Form::parse(b"a=1&b=2").repeated(), None);
    }
}
