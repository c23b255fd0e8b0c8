//! The words of a filter.

/// One word of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// Text in quotes, with its escapes resolved.
    Quoted(String),
    /// Anything else up to a space, a bracket or a quote.
    Word(&'a str),
    /// The end of the text.
    End,
}

/// Splits a filter into tokens.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// Text that cannot be split: what is wrong, and the byte it is wrong at.
#[derive(Debug)]
pub(super) struct LexError {
    pub at: usize,
    pub what: &'static str,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token and the byte it starts at.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'a>), LexError> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let start = self.at;
        let Some(&first) = bytes.get(start) else {
            return Ok((start, Token::End));
        };
        let single = match first {
            b'(' => Some(Token::Open),
            b')' => Some(Token::Close),
            b'[' => Some(Token::OpenBracket),
            b']' => Some(Token::CloseBracket),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Ok((start, token));
        }
        if first == b'"' {
            return self.quoted(start).map(|text| (start, Token::Quoted(text)));
        }
        while bytes.get(self.at).is_some_and(|b| !b.is_ascii_whitespace() && !b"()[]\"".contains(b)) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if let Some(nul) = word.find('\0') {
            return Err(LexError { at: start + nul, what: "the NUL character is not allowed" });
        }
        Ok((start, Token::Word(word)))
    }

    /// The next token without taking it; text that cannot be split reads as the end, and the error comes when it is taken.
    pub(super) fn peek(&self) -> Token<'a> {
        self.clone().next().map_or(Token::End, |(_, token)| token)
    }

    /// Whether this byte follows at once.
    pub(super) fn follows(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    fn quoted(&mut self, start: usize) -> Result<String, LexError> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        let mut at = start + 1;
        loop {
            match bytes.get(at) {
                None => {
                    return Err(LexError { at: start, what: "the quote is never closed" });
                }
                Some(b'"') => break,
                Some(0) => {
                    return Err(LexError { at, what: "the NUL character is not allowed" });
                }
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        if !escaped {
            return Ok(self.text[start + 1..at].to_owned());
        }
        // A quoted value is a JSON string (RFC 7644 §3.4.2.2), so JSON's own reader resolves what is escaped.
        let text: String = serde_json::from_str(&self.text[start..=at])
            .map_err(|_| LexError { at: start, what: "the text in quotes has an escape that JSON does not know" })?;
        if text.contains('\0') { Err(LexError { at: start, what: "the NUL character is not allowed" }) } else { Ok(text) }
    }
}
