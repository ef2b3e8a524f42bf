//! From a text to a tree of what is admitted.

use sqlparser::ast::{BinaryOperator, Expr, Ident, InTarget, UnaryOperator, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::super::super::FilterFault;
use super::super::super::names::shortened;
use super::{Comparison, LIMIT_BYTES, LIMIT_DEPTH, Literal, Name, Node, Operand};

pub(super) fn parse(text: &str) -> Result<Node, FilterFault> {
    if text.len() > LIMIT_BYTES {
        return Err(FilterFault::Length { limit: LIMIT_BYTES, actual: text.len() });
    }
    let parser = Parser::new(&GenericDialect {}).with_recursion_limit(LIMIT_DEPTH);
    let mut parser = parser.try_with_sql(text).map_err(syntax)?;
    let expression = parser.parse_expr().map_err(syntax)?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        let reason = format!("nothing is expected behind it, but there is `{}`", shortened(&rest.token.to_string()));
        return Err(FilterFault::Syntax { reason: format!("{reason}{}", rest.span.start) });
    }
    node(&expression, LIMIT_DEPTH)
}

fn syntax(error: ParserError) -> FilterFault {
    match error {
        ParserError::RecursionLimitExceeded => FilterFault::Depth { limit: LIMIT_DEPTH },
        ParserError::TokenizerError(reason) | ParserError::ParserError(reason) => {
            FilterFault::Syntax { reason: reason.chars().take(160).collect() }
        }
    }
}

/// A condition, in which others stand so deep at most.
fn node(expression: &Expr, depth: usize) -> Result<Node, FilterFault> {
    let depth = depth.checked_sub(1).ok_or(FilterFault::Depth { limit: LIMIT_DEPTH })?;
    match expression {
        Expr::Nested(inner) => node(inner, depth),
        Expr::Value(value) => match value.value {
            Value::Boolean(constant) => Ok(Node::Constant(constant)),
            _ => Err(not_admitted(expression)),
        },
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(negated(true, node(expr, depth)?)),
        Expr::IsNull(of) => Ok(Node::IsNull(column(of)?)),
        Expr::IsNotNull(of) => Ok(negated(true, Node::IsNull(column(of)?))),
        Expr::In { expr, target: InTarget::List(list), negated: not, global: false } => {
            let of = column(expr)?;
            let equal =
                |value: &Expr| Ok(Node::Compare(of.clone(), Comparison::Equal, Operand::Literal(literal(value)?)));
            Ok(negated(*not, Node::Any(list.iter().map(equal).collect::<Result<_, FilterFault>>()?)))
        }
        Expr::Between { expr, negated: not, low, high } => {
            let least = comparison(expr, Comparison::GreaterOrEqual, low)?;
            let most = comparison(expr, Comparison::LessOrEqual, high)?;
            Ok(negated(*not, Node::All(vec![least, most])))
        }
        Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
            let parts = chain(expression, op).into_iter().map(|part| node(part, depth));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            Ok(if *op == BinaryOperator::And { Node::All(parts) } else { Node::Any(parts) })
        }
        Expr::BinaryOp { left, op, right } => match compared(op) {
            Some(op) => comparison(left, op, right),
            None => Err(not_admitted(expression)),
        },
        _ => Err(not_admitted(expression)),
    }
}

fn negated(not: bool, node: Node) -> Node {
    if not { Node::Not(Box::new(node)) } else { node }
}

/// The conditions that one operator joins, in their order: the parser hangs each but the last on the one before.
fn chain<'a>(mut expression: &'a Expr, of: &BinaryOperator) -> Vec<&'a Expr> {
    let mut parts = Vec::new();
    while let Expr::BinaryOp { left, op, right } = expression {
        if op != of {
            break;
        }
        parts.push(&**right);
        expression = left;
    }
    parts.push(expression);
    parts.reverse();
    parts
}

fn compared(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// A column with a literal or a column, on either side.
fn comparison(left: &Expr, op: Comparison, right: &Expr) -> Result<Node, FilterFault> {
    match (column(left), column(right)) {
        (Ok(left), Ok(right)) => Ok(Node::Compare(left, op, Operand::Column(right))),
        (Ok(left), Err(_)) => Ok(Node::Compare(left, op, Operand::Literal(literal(right)?))),
        (Err(_), Ok(right)) => Ok(Node::Compare(right, op.turned(), Operand::Literal(literal(left)?))),
        (Err(fault), Err(_)) => Err(fault),
    }
}

fn column(expression: &Expr) -> Result<Name, FilterFault> {
    match expression {
        Expr::Identifier(Ident { value, quote_style, .. }) => {
            Ok(Name { name: value.clone(), exact: quote_style.is_some() })
        }
        Expr::Nested(inner) => column(inner).map_err(|_| not_admitted(expression)),
        _ => Err(not_admitted(expression)),
    }
}

fn literal(expression: &Expr) -> Result<Literal, FilterFault> {
    match expression {
        Expr::Nested(inner) => literal(inner),
        Expr::Value(value) => match &value.value {
            Value::Number(number, false) => Ok(Literal::Number(number.clone())),
            Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
            Value::Boolean(value) => Ok(Literal::Boolean(*value)),
            Value::Null => Ok(Literal::Null),
            _ => Err(not_admitted(expression)),
        },
        Expr::UnaryOp { op: sign @ (UnaryOperator::Minus | UnaryOperator::Plus), expr } => match literal(expr)? {
            Literal::Number(number) if !number.starts_with('-') => match sign {
                UnaryOperator::Minus => Ok(Literal::Number(format!("-{number}"))),
                _ => Ok(Literal::Number(number)),
            },
            _ => Err(not_admitted(expression)),
        },
        _ => Err(not_admitted(expression)),
    }
}

fn not_admitted(expression: &Expr) -> FilterFault {
    FilterFault::NotAdmitted { part: shortened(&expression.to_string()) }
}
