//! Handlers and pages that Next.js finds by where their files are.
//!
//! References: <https://nextjs.org/docs/app/api-reference/file-conventions/route>,
//! <https://nextjs.org/docs/pages/building-your-application/routing/api-routes>.

use super::file::stem;
use crate::language::Convention;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// What a file exports as handlers.
pub(super) fn conventions(path: &str) -> Vec<Convention> {
    let stem = stem(path);
    let folders: Vec<&str> = stem.split('/').collect();
    let Some((file, folders)) = folders.split_last() else { return Vec::new() };
    if let Some(at) = folders.iter().rposition(|folder| *folder == "app")
        && *file == "route"
    {
        let route = route(&folders[at + 1..]);
        let given = &["next/server.NextRequest"];
        let handler = |method| Convention { name: method, method, route: route.clone(), given, page_of: "" };
        return METHODS.into_iter().map(handler).collect();
    }
    if let Some(at) = folders.iter().rposition(|folder| *folder == "app")
        && *file == "page"
    {
        return vec![page("default", route(&folders[at + 1..]))];
    }
    let Some(at) = folders.iter().rposition(|folder| *folder == "pages") else { return Vec::new() };
    let mut segments = folders[at + 1..].to_vec();
    if *file != "index" {
        segments.push(file);
    }
    if folders.get(at + 1) != Some(&"api") {
        let is_frame = file.starts_with('_') || *file == "middleware";
        return if is_frame { Vec::new() } else { vec![page("getServerSideProps", route(&segments))] };
    }
    let given = &["next.NextApiRequest", "next.NextApiResponse"];
    vec![Convention { name: "default", method: "", route: route(&segments), given, page_of: "" }]
}

fn page(name: &'static str, route: String) -> Convention {
    Convention { name, method: "GET", route, given: &[], page_of: "next" }
}

/// `[id]` and `[...rest]` are parameters, `(group)` and `@slot` only order files.
fn route(folders: &[&str]) -> String {
    let mut route = String::new();
    for folder in folders.iter().filter(|folder| !folder.starts_with(['(', '@'])) {
        route.push('/');
        match folder.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(name) => {
                let name = name.trim_matches(['[', ']']).trim_start_matches("...");
                route.push_str(&format!("{{{name}}}"));
            }
            None => route.push_str(folder),
        }
    }
    if route.is_empty() { "/".to_owned() } else { route }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_follow_from_folders() {
        let of = |path: &str| conventions(path).first().map(|found| (found.name, found.route.clone()));
        assert_eq!(of("web/src/app/api/(shop)/orders/[id]/route.ts"), Some(("GET", "/api/orders/{id}".to_owned())));
        assert_eq!(of("app/files/[...path]/route.js"), Some(("GET", "/files/{path}".to_owned())));
        assert_eq!(of("pages/api/orders/index.ts"), Some(("default", "/api/orders".to_owned())));
        assert_eq!(of("app/(shop)/orders/[id]/page.tsx"), Some(("default", "/orders/{id}".to_owned())));
        assert_eq!(of("pages/orders.tsx"), Some(("getServerSideProps", "/orders".to_owned())));
        assert_eq!(of("pages/_app.tsx"), None);
        assert_eq!(of("app/orders/layout.tsx"), None);
    }
}
