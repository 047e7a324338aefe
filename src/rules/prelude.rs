//! What a rule's file uses.

#![allow(unused_imports, reason = "no rule uses all of it")]

pub(super) use super::{
    Answer, Case, Category, Check, Confidence, Fact, Flawed, Hit, Need, Of, Offered, On, Party,
    Recording, Rule, Severity, Step, count, plain, shown,
};
pub(super) use crate::chunk::{End, Ending, Side, ViaKind};
pub(super) use crate::dialog::odd::{DataEnd, Odd, OddEnd};
pub(super) use crate::dialog::session::{
    Exchange, Message, Outcome, Protocol, Recipient, Request, Session, Transfer,
};
pub(super) use crate::ports::SMTP_PORTS;
pub(super) use crate::recording::{Kind, Lines, OneSided};
pub(super) use crate::smtp::code::Class;
pub(super) use crate::smtp::command::Verb;
pub(super) use crate::smtp::defect::Defect;
pub(super) use crate::smtp::line::LineEnd;
pub(super) use crate::trouble::Trouble;
