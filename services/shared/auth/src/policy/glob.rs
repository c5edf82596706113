//! Text patterns: `*`, `?` and policy variables, compiled once.
//!
//! A variable's value is always literal: a `*` in a user's name or tag never becomes a wildcard.

use super::keys::{KeyName, Keys};
use std::borrow::Cow;

/// What is special in the text of a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${...}` is a variable: Version 2012-10-17 and an element that allows it.
    pub variables: bool,
    /// Compare without regard to case.
    pub fold: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// `*`
    Any,
    /// No wildcard, no variable.
    Literal(Box<str>),
    /// A literal followed by one `*`.
    Prefix(Box<str>),
    /// Wildcards, no variables.
    Glob(Box<[Token]>),
    /// Variables, and perhaps wildcards; whether to fold the case of what they give.
    Template(Box<[Token]>, bool),
}

#[derive(Clone, Debug)]
pub(super) enum Token {
    Text(Box<str>),
    /// `*`
    Star,
    /// `?`
    One,
    Variable {
        key: KeyName,
        default: Option<Box<str>>,
    },
}

impl Pattern {
    pub(super) fn compile(text: &str, syntax: Syntax) -> Result<Pattern, String> {
        let tokens = Compiler { syntax, tokens: Vec::new(), text: String::new() }.run(text)?;
        Ok(match &*tokens {
            [] => Pattern::Literal("".into()),
            [Token::Star] => Pattern::Any,
            [Token::Text(text)] => Pattern::Literal(text.clone()),
            [Token::Text(text), Token::Star] => Pattern::Prefix(text.clone()),
            _ if tokens.iter().any(|token| matches!(token, Token::Variable { .. })) => {
                Pattern::Template(tokens.into(), syntax.fold)
            }
            _ => Pattern::Glob(tokens.into()),
        })
    }

    /// The value must already be in lower case when the pattern folds case.
    pub(super) fn matches(&self, value: &str, keys: &Keys<'_>) -> bool {
        match self {
            Pattern::Template(tokens, fold) => match resolve(tokens, *fold, keys) {
                Some(steps) => glob(steps.len(), |i| steps[i].borrow(), value),
                None => false,
            },
            fixed => fixed.matches_text(value),
        }
    }

    /// As [`Self::matches`] where nobody asks: a pattern with variables matches nothing.
    pub(super) fn matches_text(&self, value: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Literal(text) => **text == *value,
            Pattern::Prefix(text) => value.starts_with(&**text),
            Pattern::Glob(tokens) => glob(tokens.len(), |i| tokens[i].step(), value),
            Pattern::Template(..) => false,
        }
    }

    /// Stands for one fixed text whoever asks: no wildcard, no variable.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self, Pattern::Literal(_))
    }
}

struct Compiler {
    syntax: Syntax,
    tokens: Vec<Token>,
    text: String,
}

impl Compiler {
    fn run(mut self, text: &str) -> Result<Vec<Token>, String> {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if self.syntax.variables && rest.starts_with("${") {
                let end = rest.find('}').ok_or_else(|| format!("the variable in \"{text}\" has no end"))?;
                self.variable(&rest[2..end])?;
                rest = &rest[end + 1..];
                continue;
            }
            match next {
                '*' if self.syntax.wildcards => self.star(),
                '?' if self.syntax.wildcards => self.push(Token::One),
                _ => self.char(next),
            }
            rest = &rest[next.len_utf8()..];
        }
        self.flush();
        Ok(self.tokens)
    }

    fn char(&mut self, c: char) {
        match self.syntax.fold {
            true => self.text.extend(c.to_lowercase()),
            false => self.text.push(c),
        }
    }

    fn star(&mut self) {
        let again = self.text.is_empty() && matches!(self.tokens.last(), Some(Token::Star));
        if !again {
            self.push(Token::Star);
        }
    }

    fn push(&mut self, token: Token) {
        self.flush();
        self.tokens.push(token);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.tokens.push(Token::Text(std::mem::take(&mut self.text).into()));
        }
    }

    /// What stands between `${` and `}`.
    fn variable(&mut self, body: &str) -> Result<(), String> {
        if let "*" | "?" | "$" = body {
            self.text.push_str(body);
            return Ok(());
        }
        let (name, default) = match body.split_once(',') {
            None => (body, None),
            Some((name, default)) => {
                let default = default.trim();
                let quoted = default.strip_prefix('\'').and_then(|d| d.strip_suffix('\''));
                let quoted = quoted.ok_or_else(|| {
                    format!("the default of the variable ${{{body}}} must be in single quotes")
                })?;
                (name, Some(quoted.into()))
            }
        };
        let name = name.trim();
        if name.is_empty() || name.contains(['$', '{', '*', '?', '\'']) {
            return Err(format!("${{{body}}} is not a valid policy variable"));
        }
        self.push(Token::Variable { key: KeyName::new(name), default });
        Ok(())
    }
}

/// One step of a match.
#[derive(Clone, Copy)]
enum Step<'a> {
    Text(&'a str),
    Star,
    One,
}

enum OwnedStep<'a> {
    Text(Cow<'a, str>),
    Star,
    One,
}

impl Token {
    fn step(&self) -> Step<'_> {
        match self {
            Token::Text(text) => Step::Text(text),
            Token::One => Step::One,
            // Variables never get here: they make a template.
            Token::Star | Token::Variable { .. } => Step::Star,
        }
    }
}

impl OwnedStep<'_> {
    fn borrow(&self) -> Step<'_> {
        match self {
            OwnedStep::Text(text) => Step::Text(text),
            OwnedStep::Star => Step::Star,
            OwnedStep::One => Step::One,
        }
    }
}

/// Puts in the variables' values; `None` when one has neither a single value nor a default.
fn resolve<'a>(tokens: &'a [Token], fold: bool, keys: &Keys<'a>) -> Option<Vec<OwnedStep<'a>>> {
    let mut steps = Vec::with_capacity(tokens.len());
    for token in tokens {
        steps.push(match token {
            Token::Text(text) => OwnedStep::Text(Cow::Borrowed(text)),
            Token::Star => OwnedStep::Star,
            Token::One => OwnedStep::One,
            Token::Variable { key, default } => {
                let value = match keys.get(key).single() {
                    Some(value) => value,
                    None => Cow::Borrowed(default.as_deref()?),
                };
                OwnedStep::Text(if fold { Cow::Owned(value.to_lowercase()) } else { value })
            }
        });
    }
    Some(steps)
}

/// Matches greedily, going back only to the last `*`.
fn glob<'s>(len: usize, step: impl Fn(usize) -> Step<'s>, value: &str) -> bool {
    let (mut at, mut rest) = (0, value);
    let mut last_star: Option<(usize, &str)> = None;
    loop {
        let advanced = match (at < len).then(|| step(at)) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Step::Star) if at + 1 == len => return true,
            Some(Step::Star) => {
                last_star = Some((at + 1, rest));
                Some(rest)
            }
            Some(Step::One) => skip_char(rest),
            Some(Step::Text(text)) => rest.strip_prefix(text),
        };
        match (advanced, &mut last_star) {
            (Some(next), _) => {
                at += 1;
                rest = next;
            }
            (None, Some((star, from))) => {
                let Some(next) = skip_char(from) else { return false };
                *from = next;
                at = *star;
                rest = next;
            }
            (None, None) => return false,
        }
    }
}

fn skip_char(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}
