// SPDX-License-Identifier: BSD-2-Clause
//! The driver on a board.

#![allow(dead_code, reason = "each test program uses its part of this")]

pub mod modelled;

use vtd::{Bdf, Config, Error, Hpa, Iommu, Memory, Unit};
use vtd_model::{Board, Options, Registers, Violation};
use vtd_sequences::Plan;

/// The board's memory as the driver's.
#[derive(Debug)]
pub struct Tables {
    pub board: Board,
    /// Words written so far.
    pub writes: u64,
}

impl Tables {
    /// Of a board.
    pub fn new(board: &Board) -> Self {
        Self {
            board: board.clone(),
            writes: 0,
        }
    }
}

impl Memory for Tables {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        self.board.allocate(pages).map(Hpa)
    }
    fn free(&mut self, page: Hpa) {
        self.board.free(page.0, 1);
    }
    fn pages(&self) -> (usize, usize) {
        (self.board.pages_in_use(), self.board.pages())
    }
    fn read64(&self, at: Hpa) -> u64 {
        self.board.read(at.0)
    }
    fn write64(&mut self, at: Hpa, value: u64) {
        self.writes += 1;
        self.board.write(at.0, value);
    }
    fn write128(&mut self, at: Hpa, value: u128) {
        self.writes += 1;
        let (low, high) = (value as u64, (value >> 64) as u64);
        self.board.write_pair(at.0, low, high);
    }
    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.board.write_back(at.0, bytes);
    }
}

/// A driver on modelled hardware.
pub type Driver = Iommu<Registers, Tables>;

/// Small tables, and few enough polls for stuck hardware to be noticed at once.
pub fn config() -> Config {
    Config {
        interrupt_order: Plan::INTERRUPT_ORDER,
        polls: 20_000,
        ..Config::default()
    }
}

/// Takes a board over.
pub fn start_with(board: &Board, units: usize, config: Config) -> Result<Driver, Error> {
    let probed = (0..units).map(|unit| Unit::probe(board.registers(unit)).expect("it answers"));
    let mut driver = Iommu::take_over(Tables::new(board), probed, config)?;
    driver.remap_interrupts()?;
    Ok(driver)
}

/// A board with these units, taken over.
pub fn start(units: &[Options]) -> (Board, Driver) {
    let board = Board::new(4096, units);
    let driver = start_with(&board, units.len(), config()).expect("it starts");
    (board, driver)
}

/// Fails the test if a rule was broken.
#[track_caller]
pub fn expect_clean(board: &Board) {
    board.check_settled();
    let violations = board.take_violations();
    assert!(violations.is_empty(), "{}", list(&violations));
}

/// Violations, one a line.
pub fn list(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(|violation| format!("{violation}\n"))
        .collect()
}

/// A device, in short.
pub fn device(bus: u8, number: u8, function: u8) -> Bdf {
    Bdf::new(bus, number, function).expect("a possible device")
}
