use super::build;
use crate::design::helm::File;
use crate::reader::FileFacts;
use std::collections::BTreeMap;
use whatif_model::FileId;

const CART: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: cart\n        image: shop/cart:1\n        env:\n        - {name: STORE, value: 'redis:6379'}\n";

fn built(files: &[(&str, &str)]) -> BTreeMap<usize, FileFacts> {
    let files: Vec<File<'_>> = files.iter().map(|(path, text)| File { path, text }).collect();
    build(&files)
}

#[test]
fn the_only_overlay_is_the_deployment() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  replicas: 3\n  template: {spec: {containers: [{name: cart, env: [{name: STORE, value: 'other:6379'}, {name: NEW, value: x}]}]}}\n";
    let facts = built(&[
        ("k8s/base/cart.yaml", CART),
        ("k8s/base/kustomization.yaml", "resources: [cart.yaml]\n"),
        (
            "k8s/overlays/prod/kustomization.yaml",
            "resources: [../../base]\npatches: [{path: patch.yaml}]\nimages: [{name: shop/cart, newTag: '2'}]\n",
        ),
        ("k8s/overlays/prod/patch.yaml", patch),
    ]);
    assert!(facts[&3].design.units.is_empty());
    let unit = &facts[&0].design.units[0];
    let replicas = unit.replicas.claim().unwrap();
    assert_eq!((replicas.value, replicas.evidence.span.file), (3, FileId::of("k8s/overlays/prod/patch.yaml")));
    assert_eq!(unit.image.as_ref().unwrap().display(), "shop/cart:2");
    assert_eq!((unit.env.len(), unit.optional), (2, false));
    assert_eq!(unit.span.file, FileId::of("k8s/base/cart.yaml"));
    let origin = facts[&0].design.origins.iter().find(|origin| origin.at == replicas.evidence.span).unwrap();
    assert_eq!((origin.from.file, origin.is_replaced), (FileId::of("k8s/base/cart.yaml"), true));
}

#[test]
fn of_several_overlays_the_one_for_production_is_deployed() {
    let overlay = "bases: [../../base]\nreplicas: [{name: cart, count: 2}]\n";
    let files = |names: [&'static str; 2]| {
        let paths = names.map(|name| format!("k8s/overlays/{name}/kustomization.yaml"));
        let mut files = vec![("k8s/base/cart.yaml", CART), ("k8s/base/kustomization.yaml", "resources: [cart.yaml]\n")];
        files.extend(paths.iter().map(|path| (path.as_str(), overlay)));
        built(&files)
    };
    assert_eq!(files(["dev", "production"])[&0].design.units[0].replicas.value(), Some(&2));
    assert!(files(["dev", "staging"]).is_empty());
}

#[test]
fn components_and_inline_patches_are_applied() {
    let facts = built(&[
        ("app/cart.yaml", CART),
        ("app/kustomization.yaml", "resources: [cart.yaml]\ncomponents: [components/store]\n"),
        (
            "app/components/store/kustomization.yaml",
            "kind: Component\nresources: [redis.yaml]\npatches:\n- target: {kind: Deployment, name: cart}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 4\n    - op: remove\n      path: /spec/nothing\n",
        ),
        ("app/components/store/redis.yaml", &CART.replace("cart", "redis")),
    ]);
    let replicas = facts[&0].design.units[0].replicas.claim().unwrap().clone();
    assert_eq!(
        (replicas.value, replicas.evidence.span.file),
        (4, FileId::of("app/components/store/kustomization.yaml"))
    );
    assert!(!facts[&3].design.units[0].optional);
}

#[test]
fn broken_and_circular_kustomizations_do_no_harm() {
    for text in [
        "resources: [.]\npatches: [{patch: 'a: ['}]\n",
        "resources: [../b]\nreplicas: [{name: cart}]\nimages: [{}]\n",
        "resources: [../b, x.yaml, 'https://x/y', '../../..']\npatchesStrategicMerge: [y.yaml, 'kind: X']\n",
        "resources: {a: b}\ncomponents: [../b]\npatchesJson6902: [{target: {}, patch: '- op: add'}]\n",
        "[",
        "",
    ] {
        built(&[
            ("a/kustomization.yaml", text),
            ("b/kustomization.yaml", "resources: [../a, c.yaml]\nimages: [{name: shop/cart, newName: 'é:'}]\n"),
            ("b/c.yaml", CART),
            ("a/x.yaml", "metadata: ]"),
            ("a/y.yaml", "- 1"),
        ]);
    }
}
