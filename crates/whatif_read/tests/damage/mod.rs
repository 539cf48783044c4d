//! Random edits of documents; the same seed gives the same text.

/// Pieces that have a meaning somewhere.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    ":",
    "- ",
    "&a ",
    "*a",
    "<<: *a\n",
    "---\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "é",
    "😀",
    "$",
    "${",
    "$ref: '#'",
    "#",
    "|\n",
    "!tag ",
    "99999999999999999999",
    "-1",
    "\\",
    ";",
    "(",
    ")",
    "/*",
    "--",
    "$$",
    "\0",
    "null",
    ",",
    "{{ ",
    " }}",
    "{{- end }}",
    "| ",
    "{{ if .Values.a }}",
];

/// A few random edits; the same seed gives the same text.
pub(crate) fn mutate(text: &str, seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len().max(1));
        match random.below(4) {
            0 => {
                let end = (at + random.below(40)).min(chars.len());
                chars.drain(at.min(end)..end);
            }
            1 => {
                let end = (at + random.below(80)).min(chars.len());
                let copy: Vec<char> = chars[at.min(end)..end].to_vec();
                let to = random.below(chars.len().max(1)).min(chars.len());
                chars.splice(to..to, copy);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                let at = at.min(chars.len());
                chars.splice(at..at, piece.chars());
            }
        }
    }
    chars.into_iter().collect()
}

/// xorshift64 (Marsaglia, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
