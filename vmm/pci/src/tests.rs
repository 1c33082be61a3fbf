// SPDX-License-Identifier: BSD-2-Clause
//! The bus as a guest sees it.

mod config;
mod device;
mod hostile;
mod messages;
mod routes;
