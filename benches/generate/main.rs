//! Generates captures of SMTP traffic for benchmarks: any size in constant memory, the same for
//! the same seed, and with the truth about what is in them.

// A tool for developers: it is given no hostile input, prints, and may fail loudly.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod conn;
mod flow;
mod main_loop;
mod noise;
mod options;
mod pool;
mod random;
mod smtp;
mod style;
mod truth;
mod turn;
mod wire;

use main_loop::Shared;
use options::Options;
use pool::Pools;
use random::Random;
use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;
use truth::Truth;
use wire::Wire;

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    match generate(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", options.file);
            ExitCode::FAILURE
        }
    }
}

fn generate(options: &Options) -> io::Result<()> {
    let out: Box<dyn Write> = match options.file.as_str() {
        "-" => Box::new(io::stdout()),
        path => Box::new(File::create(path)?),
    };
    let mut random = Random::new(options.seed);
    let pools = Pools::new(&mut random);
    let mut wire = Wire::new(out, options);
    let mut truth = Truth::default();
    truth.faults.percent = options.faults;
    truth.faults.no_loss = options.no_loss;
    main_loop::run(&mut Shared {
        wire: &mut wire,
        options,
        pools: &pools,
        random: &mut random,
        truth: &mut truth,
    })?;
    if options.verify {
        eprintln!("{}", truth.json(&wire));
    }
    Ok(())
}
