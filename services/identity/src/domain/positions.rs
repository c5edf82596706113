//! Where the statements of a policy stand in its text.

/// A place: line and column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: i32,
    /// Column, in characters.
    pub column: i32,
}

/// Beginning and end of each statement of a checked document, in order: the braces of the objects right below
/// `Statement`.
pub fn statements(document: &str) -> Vec<(Place, Place)> {
    let mut scan = Scan { place: Place { line: 1, column: 0 }, ..Scan::default() };
    document.chars().for_each(|c| scan.take(c));
    scan.found
}

struct Scan {
    place: Place,
    /// What is open: `{` and `[`.
    open: Vec<char>,
    in_text: bool,
    escaped: bool,
    /// The text being read, or the last one read.
    text: String,
    /// The member of the outermost object that is being read.
    member: String,
    begun: Place,
    found: Vec<(Place, Place)>,
}

impl Default for Scan {
    fn default() -> Self {
        let place = Place { line: 1, column: 0 };
        Scan {
            place,
            open: Vec::new(),
            in_text: false,
            escaped: false,
            text: String::new(),
            member: String::new(),
            begun: place,
            found: Vec::new(),
        }
    }
}

impl Scan {
    fn take(&mut self, c: char) {
        self.place.column += 1;
        if self.in_text {
            self.take_in_text(c);
        } else {
            self.take_outside(c);
        }
        if c == '\n' {
            self.place = Place { line: self.place.line + 1, column: 0 };
        }
    }

    fn take_in_text(&mut self, c: char) {
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => self.in_text = false,
            _ => self.text.push(c),
        }
    }

    fn take_outside(&mut self, c: char) {
        match c {
            '"' => {
                self.in_text = true;
                self.text.clear();
            }
            ':' if self.open == ['{'] => self.member.clone_from(&self.text),
            '{' => {
                if self.is_statement() {
                    self.begun = self.place;
                }
                self.open.push(c);
            }
            '[' => self.open.push(c),
            '}' => {
                self.open.pop();
                if self.is_statement() {
                    self.found.push((self.begun, self.place));
                }
            }
            ']' => drop(self.open.pop()),
            _ => {}
        }
    }

    fn is_statement(&self) -> bool {
        self.member == "Statement" && matches!(self.open.as_slice(), ['{'] | ['{', '['])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(document: &str) -> Vec<(i32, i32, i32, i32)> {
        let found = statements(document).into_iter();
        found.map(|(a, b)| (a.line, a.column, b.line, b.column)).collect()
    }

    #[test]
    fn statements_are_found_in_a_list_and_alone() {
        let list = "{\"Version\":\"2012-10-17\",\n \"Statement\":[\n  {\"Sid\":\"}{\\\"\", \"Condition\":{\"a\":{}}},\n  {}\n]}";
        assert_eq!(places(list), [(3, 3, 3, 38), (4, 3, 4, 4)]);
        assert_eq!(places("{\"Statement\": {\"Effect\": \"Allow\"}}"), [(1, 15, 1, 33)]);
        assert_eq!(places("{\"Statement\":{}, \"Id\":\"x\"}"), [(1, 14, 1, 15)]);
    }
}
