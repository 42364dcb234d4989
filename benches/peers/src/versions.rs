//! Versions of the packages that this program was built with, from the lock file that cargo built it by.

const LOCK: &str = include_str!("../../../Cargo.lock");

/// The version of a package; "unknown" if there is none of that name.
pub fn of(package: &str) -> String {
    find(LOCK, package).unwrap_or("unknown").to_string()
}

fn find<'l>(lock: &'l str, package: &str) -> Option<&'l str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_that_of_the_package_with_exactly_this_name() {
        let lock = "[[package]]\nname = \"wasmi_core\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"wasmi\"\nversion = \"2.0.0\"\n";
        assert_eq!(find(lock, "wasmi"), Some("2.0.0"));
        assert_eq!(find(lock, "wasm"), None);
    }
}
