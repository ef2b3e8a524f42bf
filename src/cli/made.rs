//! How a page was made: what its reader needs to make it again.

use super::party;

/// The command and the day, as facts of a page.
pub fn facts() -> Vec<(String, String)> {
    facts_of(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()))
}

/// The same of a command that would make the page again, told by its words.
pub fn facts_of(words: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let words = words.into_iter().map(|word| quoted(&word));
    let command = std::iter::once("cotejo".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
    vec![("Command".to_owned(), command), ("Made on".to_owned(), party::now().to_string())]
}

/// A word as a shell takes it again.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,=:+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_apart() {
        let shown = ["--templates", "my faces.npy", "it's", ""].map(quoted);
        assert_eq!(shown, ["--templates", "'my faces.npy'", "'it'\\''s'", "''"]);
    }
}
