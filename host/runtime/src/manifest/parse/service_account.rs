//! The file of a service account.

use super::*;

pub(super) fn service_account<'t>(reader: &mut Reader<'t>, root: &mut Table<'_, 't>) -> Option<ServiceAccount> {
    let (settings, secrets) = (declared(root, "settings"), declared(root, "secrets"));
    let mut table = root.table(reader, "service-account")?;
    let id = table.required(reader, "id", "\"/client_email\"").and_then(|text| pointer(reader, text));
    let passphrase = table.text(reader, "passphrase").and_then(|text| pointer(reader, text));
    let mut pointers = |reader: &mut Reader<'t>, key: &'static str, known: &BTreeSet<String>| {
        let mut found = BTreeMap::new();
        for (name, span, value) in entries(reader, &mut table, key) {
            if !known.contains(&name) {
                reader.problem(span, format!("there is no `{name}` under [{key}]"), format!("Declare it: [{key}.{name}]"));
            }
            let text = reader.text(&format!("service-account.{key}.{name}"), value);
            found.extend(text.and_then(|text| pointer(reader, text)).map(|pointer| (name, pointer)));
        }
        found
    };
    let (secrets, settings) = (pointers(reader, "secrets", &secrets), pointers(reader, "settings", &settings));
    reader.close(table);
    Some(ServiceAccount { id: id?, secrets, settings, passphrase })
}
