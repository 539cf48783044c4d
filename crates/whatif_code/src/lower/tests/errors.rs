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
        "import requests\nfrom flask import Flask, abort\napp = Flask(__name__)\n\ndef call():\n    r = requests.get('http://a/b')\n    r.raise_for_status()\n\n@app.get('/')\ndef h():\n{}\n    return 'ok'\n",
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

#[test]
fn an_answer_nobody_looks_at_is_ignored() {
    let flows = python(
        r#"
import requests
from flask import Flask
app = Flask(__name__)

@app.get("/x")
def x():
    r = requests.post("http://a/logged")
    app.logger.info("answer {}".format(r.status_code))
    requests.post("http://a/dropped")
    if requests.post("http://a/tested").ok:
        return "yes"
    return requests.get("http://a/used").json()
"#,
    );
    const POLICY: &str = "[timeout absent, deadline ?, trace absent]";
    has(&flows, &format!("call http POST /logged -> http @http://a/logged {POLICY} log"));
    has(&flows, &format!("call http POST /dropped -> http @http://a/dropped {POLICY} discard"));
    has(&flows, &format!("call http POST /tested -> http @http://a/tested {POLICY} propagate"));
    has(&flows, &format!("call http GET /used -> http @http://a/used {POLICY} propagate"));
}

#[test]
fn aborting_a_grpc_call_is_failing() {
    let text = "import grpc\nimport requests\nimport p_pb2_grpc\n\nclass P(p_pb2_grpc.PayServicer):\n    def Refund(self, request, context):\n        try:\n            requests.put('http://a/b').raise_for_status()\n        except Exception as err:\n            print(err)\n            context.abort(grpc.StatusCode.UNAVAILABLE, 'no')\n        return 1\n\np_pb2_grpc.add_PayServicer_to_server(P(), grpc.server(None))\n";
    let dump = super::python(text);
    assert!(dump.contains("] propagate"), "{dump}");
}
