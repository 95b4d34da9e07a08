//! Every order of the steps, for two and three processes. Each test prints how many states it saw.

#![allow(clippy::print_stdout, reason = "tests")]

use jeton_model::{Expiry, Faults, Late, Protocol, Rotation};
use stateright::{Checker, Model};

const NONE: Faults = Faults { crashes: 0, cuts: 0, losses: 0, jumps: 0 };
const ONCE_EACH: Faults = Faults { crashes: 1, cuts: 1, losses: 1, jumps: 1 };

fn protocol(processes: usize, rotation: Rotation, faults: Faults) -> Protocol {
    Protocol { processes, rotation, expiry: Expiry::Beats, beating: true, late: Late::Never, faults }
}

#[track_caller]
fn holds(protocol: Protocol) {
    let shown = format!("{protocol:?}");
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    println!("{} states: {shown}", checker.unique_state_count());
    checker.assert_properties();
}

/// The shortest way to break what this says; empty where there is none.
fn way_to_break(protocol: Protocol, property: &'static str) -> Vec<String> {
    let found = protocol.checker().threads(2).spawn_bfs().join().discovery(property);
    found.map(|path| path.into_actions().into_iter().map(|step| format!("{step:?}")).collect()).unwrap_or_default()
}

const TWICE: &str = "no refresh token is used twice while its owner lives";

#[test]
fn two_processes_and_every_fault_at_a_strict_service() {
    holds(protocol(2, Rotation::Strict, ONCE_EACH));
}

#[test]
fn two_processes_and_every_fault_at_a_service_with_grace() {
    holds(protocol(2, Rotation::Grace, ONCE_EACH));
}

#[test]
fn three_processes_of_which_one_dies() {
    holds(protocol(3, Rotation::Strict, Faults { crashes: 1, ..NONE }));
}

#[test]
fn three_processes_of_which_one_is_cut_off() {
    holds(protocol(3, Rotation::Strict, Faults { cuts: 1, ..NONE }));
}

#[test]
fn three_processes_and_an_answer_that_gets_lost() {
    holds(protocol(3, Rotation::Grace, Faults { losses: 1, ..NONE }));
}

#[test]
fn a_clock_that_jumps_changes_nothing_where_leases_have_none() {
    holds(protocol(2, Rotation::Strict, Faults { jumps: 2, ..NONE }));
}

/// The control: were it the time of day that ends a lease, a jump would break it, and the check says so.
#[test]
fn a_clock_that_jumps_breaks_leases_that_end_at_a_time_of_day() {
    let by_the_clock = |faults| Protocol { expiry: Expiry::TimeOfDay, ..protocol(2, Rotation::Strict, faults) };
    let way = way_to_break(by_the_clock(Faults { jumps: 1, ..NONE }), TWICE);
    assert!(way.iter().any(|step| step.starts_with("Jump")), "{way:?}");
    assert_eq!(way_to_break(by_the_clock(NONE), TWICE), [""; 0]);
}

/// Another control: were there no beat, whoever waits for a slow service would be overtaken.
#[test]
fn without_a_beat_a_slow_service_would_be_asked_twice() {
    assert!(!way_to_break(Protocol { beating: false, ..protocol(2, Rotation::Strict, NONE) }, TWICE).is_empty());
    assert_eq!(way_to_break(protocol(2, Rotation::Strict, NONE), TWICE), [""; 0]);
}

/// What no lease can prevent, and why `Options::lease` is long: somebody is stopped between the last look at its watch and its request.
#[test]
fn who_is_stopped_for_a_whole_lease_just_before_it_sends_may_send_too_late() {
    let strictly = |faults| Protocol { late: Late::Blamed, ..protocol(2, Rotation::Strict, faults) };
    let way = way_to_break(strictly(Faults { cuts: 1, ..NONE }), TWICE);
    assert!(way.iter().any(|step| step.starts_with("Cut")), "{way:?}");
    assert_eq!(way_to_break(strictly(Faults { crashes: 1, losses: 1, ..NONE }), TWICE), [""; 0]);
}

#[test]
fn a_request_that_comes_too_late_loses_nothing_at_a_strict_service() {
    holds(Protocol { late: Late::Some, ..protocol(2, Rotation::Strict, ONCE_EACH) });
}

/// With grace it may: whichever request came last counts, and those who made them can't know which that was.
#[test]
fn a_request_that_comes_too_late_may_cost_the_connection_at_a_service_with_grace() {
    let late = Protocol { late: Late::Some, ..protocol(2, Rotation::Grace, Faults { cuts: 1, ..NONE }) };
    assert!(!way_to_break(late, "who lives throws nothing away that is worth more").is_empty());
}
