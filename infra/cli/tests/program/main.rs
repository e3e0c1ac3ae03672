//! The compiled program, as its operator uses it: on a system of its own for each test.

mod adoption;
mod big;
mod doctor;
mod files;
mod keys;
mod operator;
mod prune;
mod qr;
mod redrive;
mod sales;
mod sellers;
mod setup;
mod trouble;
