//! Function names as their authors wrote them.

use std::borrow::Cow;
#[cfg(feature = "demangle")]
use std::fmt;

/// Longer names are shown as they are.
#[cfg(feature = "demangle")]
const LONGEST: usize = 4096;

/// A function's name as its author wrote it, if it is a mangled name from Rust, or from C++ with the feature `demangle-cpp`; otherwise
/// the name itself.
///
/// Names come with untrusted modules, and in both languages a short mangled name can stand for a very long one. Names that would
/// become longer than 4,096 bytes stay as they are.
///
/// Without the feature `demangle`, every name stays as it is.
pub fn demangle(name: &str) -> Cow<'_, str> {
    #[cfg(feature = "demangle")]
    if let Some(found) = authors(name) {
        return Cow::Owned(found);
    }
    Cow::Borrowed(name)
}

#[cfg(feature = "demangle")]
fn authors(name: &str) -> Option<String> {
    if name.len() > LONGEST {
        return None;
    }
    let found = rust(name);
    #[cfg(feature = "demangle-cpp")]
    let found = found.or_else(|| cpp(name));
    found
}

#[cfg(feature = "demangle")]
fn rust(name: &str) -> Option<String> {
    use fmt::Write;
    let symbol = rustc_demangle::try_demangle(name).ok()?;
    let mut text = Short(String::new());
    write!(text, "{symbol:#}").ok()?;
    Some(text.0)
}

#[cfg(feature = "demangle-cpp")]
fn cpp(name: &str) -> Option<String> {
    if !name.starts_with("_Z") {
        return None;
    }
    let symbol = cpp_demangle::Symbol::new(name).ok()?;
    let mut text = Short(String::new());
    let options = cpp_demangle::DemangleOptions::default();
    symbol.structured_demangle(&mut text, &options).ok()?;
    Some(text.0)
}

/// A text that refuses to become long.
#[cfg(feature = "demangle")]
struct Short(String);

#[cfg(feature = "demangle")]
impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
