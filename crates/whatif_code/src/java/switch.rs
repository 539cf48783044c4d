//! `switch`, as statement and as expression.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{Arm, Call, Expr, ExprKind, Function, Stmt, StmtKind};

impl<'t> Reader<'t, '_> {
    pub(super) fn switch_statement(&mut self, part: Part<'t>) -> StmtKind {
        self.switch(part, false)
    }

    /// A function literal that is called at once.
    pub(super) fn switch_expression(&mut self, part: Part<'t>) -> ExprKind {
        let hoisted = std::mem::take(&mut self.hoisted);
        let kind = self.switch(part, true);
        let mut function = Function::new("", part.range(), part.range());
        function.body.append(&mut self.hoisted);
        function.body.push(Stmt { kind, range: part.range() });
        self.hoisted = hoisted;
        let callee = Expr { kind: ExprKind::Lambda(Box::new(function)), range: part.range() };
        ExprKind::Call(Box::new(Call { callee, args: Vec::new() }))
    }

    fn switch(&mut self, part: Part<'t>, is_value: bool) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let subject = parts.field(Field::Condition).map(|condition| self.expr(condition));
        let mut arms: Vec<Arm> = Vec::new();
        if let Some(body) = parts.field(Field::Body) {
            for case in self.walk.parts(body.node) {
                let arm = self.arm(case, is_value);
                match arms.last_mut() {
                    // An empty group falls through to the next one.
                    Some(last) if last.body.is_empty() && !last.patterns.is_empty() && !arm.patterns.is_empty() => {
                        last.patterns.extend(arm.patterns);
                        last.body = arm.body;
                    }
                    _ => arms.push(arm),
                }
            }
        }
        for arm in &mut arms {
            if matches!(arm.body.last(), Some(Stmt { kind: StmtKind::Break, .. })) {
                arm.body.pop();
            }
        }
        StmtKind::Switch { subject, arms, is_select: false }
    }

    fn arm(&mut self, case: Part<'t>, is_value: bool) -> Arm {
        let mut arm = Arm { patterns: Vec::new(), body: Vec::new() };
        for part in self.walk.parts(case.node) {
            match part.kind {
                Kind::SwitchLabel => {
                    for pattern in self.walk.parts(part.node) {
                        let pattern = self.pattern(pattern);
                        arm.patterns.extend(pattern);
                    }
                }
                Kind::Block if case.kind == Kind::SwitchRule => self.block(part, &mut arm.body),
                Kind::ExpressionStatement if is_value && case.kind == Kind::SwitchRule => {
                    if let Some(value) = self.walk.parts(part.node).first() {
                        let value = self.expr(value);
                        arm.body.append(&mut self.hoisted);
                        arm.body.push(Stmt { kind: StmtKind::Return(vec![value]), range: part.range() });
                    }
                }
                _ => self.statement(part, &mut arm.body),
            }
        }
        arm
    }

    /// A constant, or the type that is asked for.
    fn pattern(&mut self, part: Part<'t>) -> Option<Expr> {
        match part.kind {
            Kind::Guard => None,
            Kind::Pattern => {
                let inner = self.walk.parts(part.node).first()?;
                let ty = self.walk.parts(inner.node).first()?;
                Some(Expr { kind: ExprKind::Name(self.ty(ty)), range: part.range() })
            }
            _ => Some(self.expr(part)),
        }
    }
}
