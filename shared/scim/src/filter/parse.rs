//! Reads filters.
//!
//! The nesting of the text lives in a list of open parentheses, not in the call stack: a client that sends fifty thousand of
//! them is told so, and nothing else happens. `and` binds closer than `or`, and directly nested lists of one kind are merged.

use super::constant::{convert, unknown_sub};
use super::frame::{Frame, Opened};
use super::lexer::{LexError, Lexer, Token};
use super::{AttrPath, CompareOp, Filter, FilterValue};
use crate::schema::{Attribute, Found, Kind, Missing, kept_under, resolve, resolve_sub};
use crate::{Compat, Limits, ResourceType, ScimError};

/// Reads a filter on resources of a type.
///
/// # Errors
/// 400 `invalidFilter`, naming the place and the reason.
pub fn parse(rt: ResourceType, text: &str, limits: &Limits) -> Result<Filter, ScimError> {
    read(Scope::Resource(rt), &[], text, limits, &Compat::default())
}

/// Reads a filter on resources of several types: one filter for each, in their order. An attribute that a type does not have has no
/// value there (RFC 7644 §3.4.2.1); one that no type has is refused.
///
/// # Errors
/// 400 `invalidFilter`, naming the place and the reason.
pub fn parse_for(types: &[ResourceType], text: &str, limits: &Limits) -> Result<Vec<Filter>, ScimError> {
    types.iter().map(|rt| read(Scope::Resource(*rt), types, text, limits, &Compat::default())).collect()
}

/// Reads a filter on the elements of one attribute: what stands in the brackets of a PATCH path.
pub(crate) fn parse_element(attribute: &'static Attribute, text: &str, limits: &Limits, compat: &Compat) -> Result<Filter, ScimError> {
    read(Scope::Element(attribute), &[], text, limits, compat)
}

/// What the names in a filter are names of.
#[derive(Clone, Copy)]
enum Scope {
    Resource(ResourceType),
    Element(&'static Attribute),
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    scope: Scope,
    /// Types whose attributes may be named, too: here they have no value.
    others: &'a [ResourceType],
    limits: &'a Limits,
    compat: &'a Compat,
    frames: Vec<Frame>,
    terms: usize,
}

/// What a name means.
struct Named {
    path: AttrPath,
    leaf: &'static Attribute,
    /// Only resources of another type have it.
    absent: bool,
}

fn read(scope: Scope, others: &[ResourceType], text: &str, limits: &Limits, compat: &Compat) -> Result<Filter, ScimError> {
    if text.len() > limits.filter_bytes {
        return Err(ScimError::invalid_filter(format!("the filter is longer than {} bytes", limits.filter_bytes)));
    }
    Parser { text, lexer: Lexer::new(text), scope, others, limits, compat, frames: vec![Frame::new(Opened::Root)], terms: 0 }.run()
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Result<Filter, ScimError> {
        loop {
            // Opens groups until a term has been read, then closes them until `and` or `or` asks for the next term.
            if self.operand()? {
                continue;
            }
            loop {
                let (at, token) = self.next()?;
                match token {
                    Token::Word(word) if word.eq_ignore_ascii_case("and") => break,
                    Token::Word(word) if word.eq_ignore_ascii_case("or") => {
                        self.top().alternative();
                        break;
                    }
                    Token::Close | Token::CloseBracket | Token::End => {
                        if let Some(filter) = self.close(at, &token)? {
                            return Ok(filter);
                        }
                    }
                    _ => return Err(self.error(at, "expected \"and\", \"or\" or the end")),
                }
            }
        }
    }

    /// Reads one term (false) or opens a group (true).
    fn operand(&mut self) -> Result<bool, ScimError> {
        let (at, token) = self.next()?;
        match token {
            Token::Open => self.open(at, Opened::Group { negated: false }),
            Token::Word(word) if word.eq_ignore_ascii_case("not") && self.lexer.peek() == Token::Open => {
                self.next()?;
                self.open(at, Opened::Group { negated: true })
            }
            Token::Word(word) => {
                if self.lexer.peek() == Token::OpenBracket {
                    self.next()?;
                    let Named { path, leaf, absent } = self.list(at, word)?;
                    return self.open(at, Opened::Value { path, attribute: leaf, absent });
                }
                let filter = self.term(at, word)?;
                self.top().add(filter);
                Ok(false)
            }
            Token::End if at == 0 || self.text.trim().is_empty() => Err(ScimError::invalid_filter("the filter is empty")),
            Token::End => Err(self.error(at, "the filter ends where an attribute is expected")),
            _ => Err(self.error(at, "expected an attribute, \"not\" or \"(\"")),
        }
    }

    fn open(&mut self, at: usize, opened: Opened) -> Result<bool, ScimError> {
        if self.frames.len() > self.limits.filter_depth {
            return Err(self.error(at, &format!("the filter nests deeper than {}", self.limits.filter_depth)));
        }
        self.frames.push(Frame::new(opened));
        Ok(true)
    }

    /// Closes the innermost group; the filter, when it was the outermost.
    fn close(&mut self, at: usize, token: &Token<'_>) -> Result<Option<Filter>, ScimError> {
        let right = match (&self.top().opened, token) {
            (Opened::Root, Token::End) | (Opened::Group { .. }, Token::Close) | (Opened::Value { .. }, Token::CloseBracket) => true,
            (Opened::Root, _) => return Err(self.error(at, "this closes nothing")),
            _ => false,
        };
        if !right {
            return Err(self.error(at, "a parenthesis or bracket is not closed"));
        }
        let frame = self.frames.pop().expect("the root frame is only popped here, and then reading ends");
        let filter = match frame.finish() {
            (Opened::Root, filter) => return Ok(Some(filter)),
            (Opened::Group { negated: false }, filter) => filter,
            (Opened::Group { negated: true }, filter) => Filter::Not(Box::new(filter)),
            (Opened::Value { path, attribute, absent }, filter) => {
                let sub = if self.lexer.follows(b'.') { Some(self.compared_sub(attribute)?) } else { None };
                if absent { Filter::constant(false) } else { Filter::ValuePath { path, filter: Box::new(filter), sub } }
            }
        };
        self.top().add(filter);
        Ok(None)
    }

    /// What follows a closing bracket: `.value eq "x"`. It is outside the RFC's grammar and in Entra ID's matching.
    fn compared_sub(&mut self, attribute: &'static Attribute) -> Result<(String, CompareOp, FilterValue), ScimError> {
        let (at, token) = self.next()?;
        let Token::Word(word) = token else {
            return Err(self.error(at, "expected a sub-attribute"));
        };
        let name = word.trim_start_matches('.');
        let sub = resolve_sub(attribute, name).map_err(|_| self.error(at, &unknown_sub(attribute, name)))?;
        self.count(at)?;
        let (at, word) = self.word("a comparison such as \"eq\"")?;
        let op = self.compare_op(at, word)?;
        let value = self.constant(sub, op)?;
        Ok((sub.name.to_owned(), op, value))
    }

    fn term(&mut self, at: usize, name: &str) -> Result<Filter, ScimError> {
        let Named { mut path, leaf, absent } = self.name(at, name)?;
        self.count(at)?;
        let (at, word) = self.word("a comparison such as \"eq\" after the attribute")?;
        if word.eq_ignore_ascii_case("pr") {
            return Ok(if absent { Filter::constant(false) } else { Filter::Present(path) });
        }
        let op = self.compare_op(at, word)?;
        let mut compared = leaf;
        // Only absence can be asked of a complex attribute as a whole; anything else means its `value`.
        if leaf.kind == Kind::Complex {
            if let Some(value) = leaf.sub("value") {
                path.sub = Some(value.name.to_owned());
                compared = value;
            } else {
                let example = leaf.sub_attributes.first().map_or("", |sub| sub.name);
                return Err(self.error(at, &format!("{0} has parts: compare one of them, such as {0}.{example}", leaf.name)));
            }
        }
        let value = self.constant(compared, op)?;
        Ok(match (absent, op, &value) {
            (false, ..) => Filter::Compare { path, op, value },
            (true, CompareOp::Eq, FilterValue::Null) => Filter::constant(true),
            (true, CompareOp::Ne, value) => Filter::constant(*value != FilterValue::Null),
            (true, ..) => Filter::constant(false),
        })
    }

    /// The attribute a name in the current scope means.
    fn name(&self, at: usize, name: &str) -> Result<Named, ScimError> {
        let element = match self.scope {
            Scope::Element(attribute) => Some(attribute),
            Scope::Resource(_) => self.enclosing_list(),
        };
        if let Some(list) = element {
            let sub = resolve_sub(list, name).map_err(|_| self.error(at, &unknown_sub(list, name)))?;
            return Ok(Named { path: AttrPath::core(sub.name), leaf: sub, absent: false });
        }
        let Scope::Resource(rt) = self.scope else {
            return Err(self.error(at, "expected a sub-attribute"));
        };
        let own = resolve(rt, name, self.compat);
        let (rt, found, absent) = match own {
            Ok(found) => (rt, Ok(found), false),
            Err(missing) => {
                let of_another = self.others.iter().find_map(|other| Some((*other, Ok(resolve(*other, name, self.compat).ok()?), true)));
                of_another.unwrap_or((rt, Err(missing), false))
            }
        };
        match found {
            Ok(Found::Attribute { schema, attribute, sub }) => {
                let urn = kept_under(rt, schema).map(str::to_owned);
                let path = AttrPath { urn, attr: attribute.name.to_owned(), sub: sub.map(|sub| sub.name.to_owned()) };
                let leaf = sub.unwrap_or(attribute);
                // An answer to "is it this?" is an answer to "what is it?", a letter at a time.
                if attribute.is_hidden() || leaf.is_hidden() {
                    return Err(self.error(at, &format!("{} cannot be filtered on", leaf.name)));
                }
                Ok(Named { path, leaf, absent })
            }
            Ok(Found::Schema(_)) => Err(self.error(at, &format!("\"{name}\" is a schema, not an attribute"))),
            Err(Missing::Schema) => Err(self.error(at, &format!("no schema of {rt} resources starts \"{name}\""))),
            Err(_) => Err(self.error(at, &format!("{rt} resources have no attribute \"{name}\""))),
        }
    }

    /// The list whose brackets are open around a parenthesis, if any.
    fn enclosing_list(&self) -> Option<&'static Attribute> {
        self.frames.iter().rev().find_map(|frame| match &frame.opened {
            Opened::Value { attribute, .. } => Some(*attribute),
            _ => None,
        })
    }

    fn list(&self, at: usize, name: &str) -> Result<Named, ScimError> {
        if matches!(self.scope, Scope::Element(_)) || self.enclosing_list().is_some() {
            return Err(self.error(at, "brackets cannot stand inside brackets"));
        }
        let named = self.name(at, name)?;
        if named.path.sub.is_some() || named.leaf.kind != Kind::Complex {
            return Err(self.error(at, &format!("{} has no sub-attributes to filter on", named.path)));
        }
        Ok(named)
    }

    fn compare_op(&self, at: usize, word: &str) -> Result<CompareOp, ScimError> {
        CompareOp::from_word(word)
            .ok_or_else(|| self.error(at, &format!("\"{word}\" is not one of eq, ne, co, sw, ew, gt, ge, lt, le, pr")))
    }

    fn constant(&mut self, attribute: &Attribute, op: CompareOp) -> Result<FilterValue, ScimError> {
        let (at, token) = self.next()?;
        let (text, quoted) = match token {
            Token::Quoted(text) => (text, true),
            Token::Word(word) => (word.to_owned(), false),
            Token::End => return Err(self.error(at, "the filter ends where a value is expected")),
            _ => return Err(self.error(at, "expected a value, such as \"text\" in quotes")),
        };
        convert(attribute, op, text, quoted, self.compat).map_err(|what| self.error(at, &what))
    }

    fn word(&mut self, expected: &str) -> Result<(usize, &'a str), ScimError> {
        match self.next()? {
            (at, Token::Word(word)) => Ok((at, word)),
            (at, Token::End) => Err(self.error(at, &format!("the filter ends where {expected} is expected"))),
            (at, _) => Err(self.error(at, &format!("expected {expected}"))),
        }
    }

    fn count(&mut self, at: usize) -> Result<(), ScimError> {
        self.terms += 1;
        if self.terms > self.limits.filter_terms {
            return Err(self.error(at, &format!("the filter has more than {} comparisons", self.limits.filter_terms)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<(usize, Token<'a>), ScimError> {
        self.lexer.next().map_err(|LexError { at, what }| self.error(at, what))
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the root frame is there until reading ends")
    }

    fn error(&self, at: usize, what: &str) -> ScimError {
        let place = self.text.get(..at).map_or(0, |before| before.chars().count()) + 1;
        ScimError::invalid_filter(format!("the filter cannot be read at character {place}: {what}"))
    }
}
