// SPDX-License-Identifier: BSD-2-Clause
//! Functions whose registers and rings are written one by one, as no usual driver does.

mod registers;
mod requests;
mod transport;
