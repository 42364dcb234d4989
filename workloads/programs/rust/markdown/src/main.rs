//! markdown INPUT ROUNDS: renders Markdown as HTML.

use pulldown_cmark::{html, Options, Parser};
use support::{number, text, Checksum};

fn main() {
    let (input, rounds) = (text(1), number(2));
    let mut checksum = Checksum::default();
    for _ in 0..rounds {
        let mut output = String::new();
        html::push_html(&mut output, Parser::new_ext(&input, Options::all()));
        checksum.add(output.as_bytes());
    }
    checksum.print("markdown");
}
