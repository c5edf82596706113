//! Why a policy document is refused at the door.

/// A malformed policy: where, and why in AWS's words where AWS has words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Index of the statement, from 0; none when the fault is outside the statements.
    pub statement: Option<usize>,
    /// The element at fault, such as `Action` or `Condition.StringLike.aws:username`; empty for the whole.
    pub element: String,
    /// What is wrong with it.
    pub reason: String,
}

impl PolicyError {
    pub(super) fn new(element: &str, reason: impl Into<String>) -> Self {
        PolicyError { statement: None, element: element.to_owned(), reason: reason.into() }
    }

    pub(super) fn at(mut self, statement: usize) -> Self {
        self.statement = Some(statement);
        self
    }

    pub(super) fn within(mut self, element: &str) -> Self {
        self.element = match self.element.is_empty() {
            true => element.to_owned(),
            false => format!("{element}.{}", self.element),
        };
        self
    }
}

impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)?;
        match (self.statement, self.element.as_str()) {
            (None, "") => Ok(()),
            (None, element) => write!(f, " (at {element})"),
            (Some(n), "") => write!(f, " (at Statement[{n}])"),
            (Some(n), element) => write!(f, " (at Statement[{n}].{element})"),
        }
    }
}

impl std::error::Error for PolicyError {}
