//! backlogd: the queue-backlog autoscaler daemon for AWS.
//!
//! # Layout
//!
//! Start at [`engine::Engine::tick`]; every behaviour is at most two hops from there. The rooms, from
//! the ground up (a room names only rooms on floors below its own):
//!
//! | floor | rooms |
//! |---|---|
//! | 8 | `cli`: one file a subcommand |
//! | 7 | [`daemon`], [`explain`], [`sim`]: ways to turn the same crank; [`http`]: how it is looked at; [`online`]: what AWS says to the settings; [`permissions`]: what they must be allowed; [`tracking`]: lets AWS turn it |
//! | 6 | [`assemble`]: settings and ports become engines |
//! | 5 | [`settings`]: the file, checked once |
//! | 4 | [`engine`]: the loop body |
//! | 3 | [`source`], [`target`], [`publish`], [`store`]: ports, with their adapters beside them |
//! | 2 | [`controller`]: the decision; [`aws`]: the one door to the SDK |
//! | 1 | [`policy`]: what is wanted; [`estimate`]: what is learnt; [`calendar`]: when windows are open; [`trouble`]: what a person should know of; [`clock`]: the one place that asks the time |
//! | 0 | [`model`]: plain values |

pub mod model;

pub mod calendar;
pub mod clock;
pub mod estimate;
pub mod policy;
pub mod trouble;

pub mod aws;
pub mod controller;

pub mod publish;
pub mod source;
pub mod store;
pub mod target;

pub mod engine;

pub mod settings;

pub mod assemble;

pub mod daemon;
pub mod explain;
pub mod http;
pub mod online;
pub mod permissions;
pub mod sim;
pub mod tracking;

pub mod cli;
