//! Calls of what may be several things.

use super::state::{Class, Interpreter};
use crate::lower::values::{Abs, Kind, same};
use std::rc::Rc;
use whatif_model::Range;

/// How deep objects are compared.
const ALIKE_DEPTH_MAX: usize = 4;

impl<'a> Interpreter<'a> {
    /// Several things it could be: one arm each.
    pub(super) fn alternatives_call(
        &mut self,
        options: &Rc<Vec<Abs<'a>>>,
        range: Range,
        mut each: impl FnMut(&mut Self, &Abs<'a>) -> Abs<'a>,
    ) -> Abs<'a> {
        let mut arms = Vec::new();
        let mut results = Vec::new();
        for option in self.distinct(options) {
            let option = &option;
            let mark = self.held();
            self.open_block();
            results.push(each(self, option));
            let steps = self.close_block();
            self.release(mark);
            // An object literal that does nothing stands in for the others in tests and development.
            let stands_in = matches!(option.kind, Kind::Object(id) if self.object(id).class == Class::Dict);
            if !(steps.is_empty() && stands_in) {
                arms.push(steps);
            }
        }
        let span = self.span(range);
        if arms.len() < 2 {
            self.push_steps(arms.into_iter().flatten().collect());
        } else {
            self.push_branch(arms, span);
        }
        results.into_iter().reduce(Abs::join).unwrap_or_else(Abs::unknown)
    }

    /// Alternatives that differ in what is known about them.
    fn distinct(&self, options: &[Abs<'a>]) -> Vec<Abs<'a>> {
        let mut kept: Vec<Abs<'a>> = Vec::new();
        for option in options.iter().filter(|option| !matches!(option.kind, Kind::Nil | Kind::Unknown)) {
            if !kept.iter().any(|seen| self.alike(seen, option, ALIKE_DEPTH_MAX)) {
                kept.push(option.clone());
            }
        }
        kept
    }

    /// Whether two values are the same as far as is known.
    fn alike(&self, a: &Abs<'a>, b: &Abs<'a>, depth: usize) -> bool {
        if same(&a.kind, &b.kind) {
            return true;
        }
        match (&a.kind, &b.kind) {
            (Kind::Unknown | Kind::Nil, Kind::Unknown | Kind::Nil) => true,
            (Kind::Object(a), Kind::Object(b)) if depth > 0 => {
                let (a, b) = (self.object(*a), self.object(*b));
                a.class == b.class
                    && a.fields.len() == b.fields.len()
                    && a.fields.iter().zip(&b.fields).all(|((k, x), (l, y))| k == l && self.alike(x, y, depth - 1))
            }
            (Kind::Function(f, x), Kind::Function(g, y)) => match (x, y) {
                (Some(x), Some(y)) => f == g && self.alike(x, y, depth),
                _ => false,
            },
            (Kind::List(a), Kind::List(b)) if depth > 0 => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| self.alike(x, y, depth - 1))
            }
            _ => false,
        }
    }
}
