//! What a rule's file uses.

#![allow(unused_imports, reason = "no rule uses all of it")]

pub(super) use super::recording::one_sided;
pub(super) use super::wire::{SIDES, lasting, longest, often};
pub(super) use super::{
    Answer, Case, Category, Check, Confidence, During, Fact, Flawed, Hit, Need, Of, Offered, On,
    Party, Phase, Recording, Rule, Severity, Step, count, plain, shown,
};
pub(super) use crate::chunk::{
    Cause, End, Ending, Odd, Side, Sides, Stall, Times, Transport, ViaKind,
};
pub(super) use crate::dialog::odd::{DataEnd, Odd as OddContent, OddEnd};
pub(super) use crate::dialog::session::{
    Exchange, GapAt, Mark, Message, Outcome, Protocol, Recipient, Request, Session, Transfer,
};
pub(super) use crate::ports::SMTP_PORTS;
pub(super) use crate::recording::{Kind, Lines, OneSided};
pub(super) use crate::smtp::code::Class;
pub(super) use crate::smtp::command::Verb;
pub(super) use crate::smtp::defect::Defect;
pub(super) use crate::smtp::line::LineEnd;
pub(super) use crate::time::Lapse;
pub(super) use crate::trouble::Trouble;
