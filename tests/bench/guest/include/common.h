/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for U-Boot's <common.h>: what its Dhrystone takes from there. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
