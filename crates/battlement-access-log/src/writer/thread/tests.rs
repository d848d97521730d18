use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, mpsc::channel},
};

use super::*;
use crate::Names;

const JSON: Format = Format::Json(Names::OpenTelemetry);

/// An output that returns the steps from its first calls, and then takes each line.
#[derive(Clone, Default)]
struct Steps {
    steps: Arc<Mutex<VecDeque<io::Result<usize>>>>,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Steps {
    fn new<const N: usize>(steps: [io::Result<usize>; N]) -> Self {
        Self { steps: Arc::new(Mutex::new(steps.into())), taken: Arc::default() }
    }

    fn text(&self) -> String {
        String::from_utf8(self.taken.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Steps {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = self.steps.lock().unwrap().pop_front();
        let count = step.unwrap_or(Ok(bytes.len()))?.min(bytes.len());
        self.taken.lock().unwrap().write(&bytes[..count])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed() -> io::Result<usize> {
    Err(ErrorKind::BrokenPipe.into())
}

/// Writes lines to an output with these steps, and returns the text with the numbers of written and dropped lines.
fn written<const N: usize>(steps: [io::Result<usize>; N], lines: &[&str]) -> (String, u64, u64) {
    let (steps, counts) = (Steps::new(steps), Counts::default());
    let mut output = Output::new(Box::new(steps.clone()));
    for line in lines {
        output.write_counted(line.as_bytes().to_vec(), JSON, &counts);
    }
    (steps.text(), counts.written(), counts.dropped())
}

#[test]
fn a_line_that_fails_is_dropped_and_its_report_is_given_back_to_the_next_line() {
    let (steps, counts) = (Steps::new([failed(), failed()]), Counts::default());
    let mut output = Output::new(Box::new(steps.clone()));
    counts.add_dropped();
    counts.add_dropped();
    for dropped in [3, 4] {
        output.write_counted(b"{\"a\":1}\n".to_vec(), JSON, &counts);
        assert_eq!((counts.written(), counts.dropped()), (0, dropped));
    }
    for _ in 0..2 {
        output.write_counted(b"{\"a\":1}\n".to_vec(), JSON, &counts);
    }
    assert_eq!((counts.written(), counts.dropped()), (2, 4));
    assert_eq!(steps.text(), "{\"a\":1,\"dropped_lines\":4}\n{\"a\":1}\n");
}

#[test]
fn an_output_that_takes_no_byte_drops_the_line() {
    let found = written([Ok(0)], &["a\n", "b\n"]);
    assert_eq!(found, ("b dropped_lines=1\n".to_owned(), 1, 1));
}

#[test]
fn a_call_that_is_interrupted_or_takes_a_part_is_followed_by_another() {
    let interrupted = Err(ErrorKind::Interrupted.into());
    let found = written([interrupted, Ok(1), Ok(1)], &["abc\n", "d\n"]);
    assert_eq!(found, ("abc\nd\n".to_owned(), 2, 0));
}

#[test]
fn a_line_after_a_torn_one_starts_on_a_line_of_its_own() {
    let found = written([Ok(1), failed()], &["abc\n", "d\n", "e\n"]);
    assert_eq!(found, ("a\nd dropped_lines=1\ne\n".to_owned(), 2, 1));
    // The line feed that ends the torn line may be all that the output takes of the next line.
    let found = written([Ok(1), failed(), Ok(1), failed()], &["abc\n", "d\n", "e\n"]);
    assert_eq!(found, ("a\ne dropped_lines=2\n".to_owned(), 1, 2));
}

#[test]
fn the_thread_writes_lines_in_order_and_answers_a_flush_after_those_before_it() {
    let (steps, counts) = (Steps::default(), Arc::<Counts>::default());
    let ((sender, jobs), (done, is_done)) = (channel(), channel());
    for job in [Job::Line(b"a\n".to_vec()), Job::Flush(done), Job::Line(b"b\n".to_vec())] {
        sender.send(job).unwrap();
    }
    drop(sender);
    run(Output::new(Box::new(steps.clone())), &Jobs::new(jobs, 8), JSON, &counts);
    assert_eq!(is_done.try_recv(), Ok(()));
    assert_eq!((steps.text().as_str(), counts.written()), ("a\nb\n", 2));
}
