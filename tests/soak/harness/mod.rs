//! Whole campaigns in virtual time: the real engine, store and client against the simulated Atlas, everything random
//! from one seed.
//!
//! [`scenario`] turns a seed into a fleet, an Atlas, and what happens when. [`voyage`] sails it: one [`life`] of the
//! process after the other, each with a runtime of its own under tokio's paused clock, while [`world`] (the simulator
//! and the wire to it) outlives them all and [`hands`] do from outside what happens. [`checks`] compare what the
//! store says with what the world knows. [`many`] does so for many seeds.

mod checks;
mod dice;
mod fleet;
mod hands;
mod life;
pub(crate) mod many;
pub(crate) mod scenario;
pub(crate) mod voyage;
mod world;
