//! Which files make one program.

use super::{dump, has};

#[test]
fn a_go_monorepo_has_one_unit_per_main_with_what_it_imports() {
    let handler = "package api\nimport \"net/http\"\nfunc Hello(w http.ResponseWriter, r *http.Request) {}\n";
    let main = "package main\nimport (\"net/http\"; \"example.com/shop/internal/api\")\nfunc main() { http.HandleFunc(\"/hello\", api.Hello); http.ListenAndServe(\":1\", nil) }\n";
    let job = "package main\nfunc main() {}\n";
    let all = dump(&[
        ("go.mod", "module example.com/shop\n"),
        ("cmd/web/main.go", main),
        ("cmd/job/main.go", job),
        ("internal/api/api.go", handler),
    ]);
    has(&all, "unit job (go) at \"cmd/job\" auxiliary");
    has(&all, "unit web (go) at \"cmd/web\"");
    has(&all, "HTTP /hello = Hello");
}

#[test]
fn python_units_follow_manifests_and_import_shared_code() {
    let shared = "import requests\n\ndef ping():\n    requests.get('http://x/y', timeout=1)\n";
    let app = "from flask import Flask\nfrom common.net import ping\napp = Flask(__name__)\n\n@app.get('/p')\ndef p():\n    ping()\n    return 'ok'\n";
    let load = "from locust import HttpUser\n\nclass U(HttpUser):\n    pass\n";
    let all = dump(&[
        ("src/common/net.py", shared),
        ("src/common/__init__.py", ""),
        ("src/web/app.py", app),
        ("src/web/requirements.txt", "flask==3.0.0\n"),
        ("src/load/locustfile.py", load),
        ("src/load/Dockerfile", ""),
    ]);
    has(&all, "unit web (python) at \"src/web\"");
    has(&all, "HTTP GET /p = p\n  call http GET /y");
    has(&all, "unit load (python) at \"src/load\" auxiliary");
}

#[test]
fn the_order_of_modules_does_not_matter() {
    let files = [
        (
            "a/main.go",
            "package main\nimport \"net/http\"\nfunc h(w http.ResponseWriter, r *http.Request) { http.Get(\"http://b/\") }\nfunc main() { http.HandleFunc(\"/\", h) }\n",
        ),
        ("b/app.py", "from flask import Flask\napp = Flask(__name__)\n\n@app.get('/')\ndef h():\n    return 'ok'\n"),
    ];
    let mut turned = files;
    turned.reverse();
    assert_eq!(dump(&files), dump(&turned));
}

#[test]
fn recursion_and_depth_end() {
    let text = "package main\nimport \"net/http\"\nfunc f(n int) { if n > 0 { f(n - 1); g(n) }; http.Get(\"http://a/\") }\nfunc g(n int) { f(n) }\nfunc h(w http.ResponseWriter, r *http.Request) { f(3) }\nfunc main() { http.HandleFunc(\"/\", h) }\n";
    has(&dump(&[("main.go", text)]), "HTTP / = h");
}

#[test]
fn damaged_programs_are_lowered_as_far_as_they_go() {
    let go = "package main\nimport (\"net/http\"; \"database/sql\")\nvar db *sql.DB\ntype s struct { next *s; f func() }\nfunc (x *s) h(w http.ResponseWriter, r *http.Request) { for i := range 3 { if _, err := db.Exec(\"UPDATE a SET b = b + 1\"); err != nil { continue }; return }; x.next.f() }\nfunc main() { db, _ = sql.Open(\"a\", \"b\"); http.HandleFunc(\"/{\", (&s{}).h) }\n";
    let python = "import requests\nfrom flask import Flask\napp = Flask(__name__)\n\nclass A(B):\n    x = {**y, 'a': [i for i in z]}\n    def __init__(self): self.a = self\n\n@app.route('/<', methods=['POST'])\ndef h():\n    with app as a, b: \n        try:\n            requests.post('{}{'.format(A().a), timeout=(1,))\n        except: return '%(a' % {'a': 1}, '%' % 3\n        finally: pass\n    return h()\n";
    for (path, text) in [("a/main.go", go), ("a/main.py", python)] {
        for end in (0..text.len()).step_by(3).filter(|end| text.is_char_boundary(*end)) {
            let head = dump(&[(path, &text[..end])]);
            let tail = dump(&[(path, &text[end..])]);
            assert!(head.len() < 20_000 && tail.len() < 20_000);
        }
    }
}
