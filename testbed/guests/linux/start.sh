#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# /main of the Linux by which `make bench T=linux` sees how long it takes to start one. It then waits, so
# that whoever runs it can be asked what it cost.

probe start
read -r _
