//! What is done when effects fail.

use super::{go, has, python};

#[track_caller]
fn go_handler(body: &str, wanted: &str) {
    let text = format!(
        "func call() error {{ _, err := http.Get(\"http://a/b\"); return err }}\nfunc undo() {{ http.Get(\"http://a/undo\") }}\nfunc h(w http.ResponseWriter, r *http.Request) {{ {body} }}\nfunc main() {{ http.HandleFunc(\"/\", h) }}"
    );
    has(&go(&["\"net/http\"", "\"log\""], &text), wanted);
}

const CALL: &str = "call http GET /b -> http @http://a/b [timeout absent, deadline false, trace absent]";

#[test]
fn go_error_checks() {
    go_handler("if err := call(); err != nil { http.Error(w, \"\", 500); return }", &format!("{CALL} propagate"));
    go_handler("if err := call(); err != nil { log.Println(err) }", &format!("{CALL} log"));
    go_handler("_ = call()", &format!("{CALL} discard"));
    go_handler("call()", &format!("{CALL} discard"));
    go_handler("if err := call(); err != nil { return }", &format!("{CALL} discard"));
    go_handler("if err := call(); err != nil { log.Fatal(err) }", &format!("{CALL} crash"));
    go_handler(
        "if err := call(); err != nil { undo(); http.Error(w, \"\", 500); return }",
        &format!("try\n  {CALL} handle\non failure\n  call http GET /undo"),
    );
}

#[track_caller]
fn python_handler(body: &str, wanted: &str) {
    let text = format!(
        "import requests\nfrom flask import Flask, abort\napp = Flask(__name__)\n\ndef call():\n    return requests.get('http://a/b')\n\n@app.get('/')\ndef h():\n{}\n    return 'ok'\n",
        body.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    has(&python(&text), wanted);
}

const PYTHON_CALL: &str = "call http GET /b -> http @http://a/b [timeout absent, deadline ?, trace absent]";

#[test]
fn python_exceptions() {
    python_handler("call()", &format!("{PYTHON_CALL} propagate"));
    python_handler("try:\n    call()\nexcept Exception:\n    pass", &format!("{PYTHON_CALL} discard"));
    python_handler("try:\n    call()\nexcept Exception as e:\n    app.logger.error(e)", &format!("{PYTHON_CALL} log"));
    python_handler("try:\n    call()\nexcept KeyError:\n    pass", &format!("{PYTHON_CALL} propagate"));
    python_handler("try:\n    call()\nexcept Exception:\n    abort(502)", &format!("{PYTHON_CALL} propagate"));
    python_handler("try:\n    call()\nexcept Exception:\n    raise", &format!("{PYTHON_CALL} propagate"));
    python_handler(
        "try:\n    call()\nexcept Exception:\n    requests.post('http://a/undo')\n    raise",
        &format!("try\n  {PYTHON_CALL} handle\non failure\n  call http POST /undo"),
    );
}
