//! What stands on a page, found by CSS selector.

use scraper::{ElementRef, Html, Selector};

use super::app::TestApp;

/// A page that answers.
pub(crate) fn page(app: &TestApp, path: &str) -> Html {
    let answer = app.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    Html::parse_document(answer.text())
}

/// The text of each element, with single spaces.
pub(crate) fn texts(html: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let text = |element: ElementRef<'_>| element.text().collect::<String>();
    html.select(&selector)
        .map(|element| text(element).split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The text of the only element.
pub(crate) fn text(html: &Html, selector: &str) -> String {
    let all = texts(html, selector);
    assert_eq!(all.len(), 1, "{selector}: {all:?}");
    all.into_iter().next().unwrap()
}

/// An attribute of each element that has it.
pub(crate) fn attributes(html: &Html, selector: &str, attribute: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector)
        .filter_map(|element| element.attr(attribute))
        .map(str::to_owned)
        .collect()
}
