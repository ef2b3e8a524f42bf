//! What real users bring: files as other tools write them, configurations, certificates and connection strings as people have them.
//! One module a kind of input; each test says what must come of it: the verdict, the score or the message.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]
#![cfg(unix)]

mod confirmation;
mod files;
mod first_day;
mod formats;
mod galleries_in_databases;
mod kind_a_lists_of_ids;
mod kind_b_row_numbers;
mod kind_c_headers;
mod kind_d_databases;
mod kind_e_certificates;
mod kind_f_permanent_errors;
mod kind_g_masks_and_bit_order;
mod kind_h_iris_programs;
mod kind_i_unusable_records;
mod kind_j_intervals;
mod large_files;
mod lists_of_pairs;
mod open_iris_thresholds;
mod openssl;
mod parties;
mod peak;
mod refused_clients;
mod requests;
mod standard_input;
#[allow(dead_code, reason = "the command line's tests use all of it")]
#[path = "../command_line/support.rs"]
mod support;
