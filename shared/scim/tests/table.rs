//! The rules of the attribute table on the built-in schemas: every attribute that has a rule is tried.

mod rules;

#[test]
fn read_only_is_not_the_clients() {
    rules::read_only_is_not_the_clients();
}

#[test]
fn read_write_is_kept_as_sent() {
    rules::read_write_is_kept_as_sent();
}

#[test]
fn required_is_always_there() {
    rules::required_is_always_there();
}

#[test]
fn immutable_is_set_once() {
    rules::immutable_is_set_once();
}

#[test]
fn never_leaves() {
    rules::never_leaves();
}

#[test]
fn request_is_shown_on_request() {
    rules::request_is_shown_on_request();
}

#[test]
fn always_is_shown() {
    rules::always_is_shown();
}

#[test]
fn default_is_shown_by_default() {
    rules::default_is_shown_by_default();
}

#[test]
fn filters_compare_as_the_table_says() {
    rules::filters_compare_as_the_table_says();
}

#[test]
fn a_wrong_type_is_refused() {
    rules::a_wrong_type_is_refused();
}

#[test]
fn documents_say_what_the_table_says() {
    rules::documents_say_what_the_table_says();
}
