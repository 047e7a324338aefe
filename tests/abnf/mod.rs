//! ABNF, interpreted: a parser of RFC 5234 and a matcher that knows nothing of SMTP but the text
//! of the RFCs. Slow and simple: it is what the grammar is compared with.

use crate::random::Random;
use std::collections::HashMap;

/// Rules by their names in lower case (RFC 5234 §2.1).
pub struct Abnf {
    rules: HashMap<String, Node>,
}

/// An element (RFC 5234 §3).
#[derive(Clone, Debug)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Repeat(usize, usize, Box<Node>),
    Rule(String),
    /// Letters in any case.
    Text(Vec<u8>),
    Range(u8, u8),
}

/// What the RFCs say of a production in comments.
fn is_meant(rule: &str, text: &[u8]) -> bool {
    let groups = || text.split(|&b| b == b':').filter(|g| !g.is_empty()).count();
    match rule {
        "snum" => str::from_utf8(text).unwrap().parse::<u16>().unwrap() <= 255,
        "ipv6-comp" => groups() <= 6,
        // The IPv4 address is one of the parts here.
        "ipv6v4-comp" => groups() <= 5,
        "general-address-literal" => {
            !text.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"IPv6:"))
        }
        "u-label" => !text.is_ascii() && !text.starts_with(b"-") && !text.ends_with(b"-"),
        _ => true,
    }
}

impl Abnf {
    /// The rules in `texts`; later ones replace or (`=/`) extend those before.
    pub fn new(texts: &[&str]) -> Self {
        let mut rules: HashMap<String, Node> = HashMap::new();
        for (name, is_more, body) in texts.iter().flat_map(|text| definitions(text)) {
            let mut parser = Parser { text: body.as_bytes(), at: 0 };
            let node = parser.alternation();
            assert!(parser.is_done(), "{name}: {}", &body[parser.at..]);
            let old = rules.remove(&name);
            let node = match old {
                Some(old) if is_more => Node::Any(vec![old, node]),
                _ => node,
            };
            rules.insert(name, node);
        }
        let abnf = Self { rules };
        for node in abnf.rules.values() {
            abnf.check(node);
        }
        abnf
    }

    /// Every rule that is named is there.
    fn check(&self, node: &Node) {
        match node {
            Node::Any(nodes) | Node::All(nodes) => nodes.iter().for_each(|node| self.check(node)),
            Node::Repeat(_, _, node) => self.check(node),
            Node::Rule(name) => assert!(self.rules.contains_key(name), "no rule {name}"),
            Node::Text(_) | Node::Range(..) => {}
        }
    }

    /// Whether all of `text` is a `rule`.
    pub fn matches(&self, rule: &str, text: &[u8]) -> bool {
        let mut run = Run { abnf: self, text, memo: HashMap::new() };
        run.rule(rule, 0).contains(&text.len())
    }

    /// A text that is a `rule`, at random.
    pub fn generate(&self, rule: &str, random: &mut Random) -> Vec<u8> {
        let name = rule.to_lowercase();
        loop {
            let mut text = Vec::new();
            self.write(&self.rules[&name], random, &mut text);
            if is_meant(&name, &text) {
                return text;
            }
        }
    }

    fn write(&self, node: &Node, random: &mut Random, out: &mut Vec<u8>) {
        match node {
            Node::Any(nodes) => self.write(&nodes[random.below(nodes.len())], random, out),
            Node::All(nodes) => nodes.iter().for_each(|node| self.write(node, random, out)),
            Node::Repeat(least, most, node) => {
                let more = (*most - *least).min(3);
                for _ in 0..*least + random.below(more + 1) {
                    self.write(node, random, out);
                }
            }
            Node::Rule(name) => out.extend(self.generate(name, random)),
            Node::Text(text) => out.extend(text.iter().map(|letter| match random.below(4) {
                0 => letter.to_ascii_lowercase(),
                _ => *letter,
            })),
            Node::Range(from, to) => {
                let octet = usize::from(*from) + random.below(usize::from(to - from) + 1);
                out.push(u8::try_from(octet).unwrap());
            }
        }
    }
}

/// The definitions in `text`: name, whether it extends one, body.
fn definitions(text: &str) -> Vec<(String, bool, String)> {
    let mut found: Vec<(String, bool, String)> = Vec::new();
    for line in text.lines() {
        let line = without_comment(line).trim();
        let name: String =
            line.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let rest = line[name.len()..].trim_start();
        match rest.strip_prefix('=') {
            Some(body) if !name.is_empty() => {
                let more = body.strip_prefix('/');
                let body = more.unwrap_or(body).to_owned();
                found.push((name.to_lowercase(), more.is_some(), body));
            }
            _ if line.is_empty() => {}
            _ => {
                let (_, _, body) = found.last_mut().expect("a definition comes first");
                *body = format!("{body} {line}");
            }
        }
    }
    found
}

fn without_comment(line: &str) -> &str {
    let mut is_quoted = false;
    let end = line.find(|c| {
        is_quoted ^= c == '"';
        c == ';' && !is_quoted
    });
    &line[..end.unwrap_or(line.len())]
}

/// RFC 5234 §4.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn is_done(&mut self) -> bool {
        self.peek().is_none()
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> String {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.at += length;
        String::from_utf8(rest[..length].to_vec()).unwrap()
    }

    fn alternation(&mut self) -> Node {
        let mut nodes = vec![self.concatenation()];
        while self.peek() == Some(b'/') {
            self.at += 1;
            nodes.push(self.concatenation());
        }
        Node::Any(nodes)
    }

    fn concatenation(&mut self) -> Node {
        let mut nodes = Vec::new();
        while !matches!(self.peek(), None | Some(b'/' | b')' | b']')) {
            nodes.push(self.repetition());
        }
        assert!(!nodes.is_empty(), "nothing at {}", self.at);
        Node::All(nodes)
    }

    fn repetition(&mut self) -> Node {
        let least = self.take(|byte| byte.is_ascii_digit());
        let is_range = self.text.get(self.at) == Some(&b'*');
        let most = if is_range {
            self.at += 1;
            self.take(|byte| byte.is_ascii_digit())
        } else {
            least.clone()
        };
        let node = self.element();
        if least.is_empty() && !is_range {
            return node;
        }
        let least = least.parse().unwrap_or(0);
        Node::Repeat(least, most.parse().unwrap_or(usize::MAX), Box::new(node))
    }

    fn element(&mut self) -> Node {
        match self.peek().expect("an element") {
            b'(' => {
                self.at += 1;
                let node = self.alternation();
                assert_eq!(self.peek(), Some(b')'));
                self.at += 1;
                node
            }
            b'[' => {
                self.at += 1;
                let node = self.alternation();
                assert_eq!(self.peek(), Some(b']'));
                self.at += 1;
                Node::Repeat(0, 1, Box::new(node))
            }
            b'"' => {
                self.at += 1;
                let text = self.take(|byte| byte != b'"');
                self.at += 1;
                Node::Text(text.into_bytes())
            }
            b'%' => {
                let radix = if self.text[self.at + 1] == b'x' { 16 } else { 10 };
                self.at += 2;
                let number = |parser: &mut Self| {
                    let digits = parser.take(|byte| byte.is_ascii_hexdigit());
                    u8::from_str_radix(&digits, radix).unwrap()
                };
                let from = number(self);
                if self.text.get(self.at) != Some(&b'-') {
                    return Node::Range(from, from);
                }
                self.at += 1;
                Node::Range(from, number(self))
            }
            _ => {
                let name = self.take(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                assert!(!name.is_empty(), "no element at {}", self.at);
                Node::Rule(name.to_lowercase())
            }
        }
    }
}

/// One text being matched.
struct Run<'a> {
    abnf: &'a Abnf,
    text: &'a [u8],
    /// Where each rule, begun at a place, may end.
    memo: HashMap<(&'a str, usize), Vec<usize>>,
}

impl<'a> Run<'a> {
    fn rule(&mut self, name: &str, at: usize) -> Vec<usize> {
        let (name, node) = self.abnf.rules.get_key_value(name).expect("a rule");
        if let Some(ends) = self.memo.get(&(name.as_str(), at)) {
            return ends.clone();
        }
        let mut ends = self.ends(node, at);
        let text = self.text;
        ends.retain(|&end| is_meant(name, &text[at..end]));
        self.memo.insert((name, at), ends.clone());
        ends
    }

    /// Where `node`, begun at `at`, may end: each place once.
    fn ends(&mut self, node: &'a Node, at: usize) -> Vec<usize> {
        match node {
            Node::Any(nodes) => {
                let mut ends = Vec::new();
                for node in nodes {
                    ends.extend(self.ends(node, at));
                }
                unique(ends)
            }
            Node::All(nodes) => {
                let mut ends = vec![at];
                for node in nodes {
                    let mut next = Vec::new();
                    for end in ends {
                        next.extend(self.ends(node, end));
                    }
                    ends = unique(next);
                }
                ends
            }
            Node::Repeat(least, most, node) => {
                let (mut all, mut now) = (Vec::new(), vec![at]);
                let mut times = 0;
                loop {
                    if times >= *least {
                        now.retain(|end| !all.contains(end));
                        all.extend(&now);
                    }
                    if now.is_empty() || times == *most {
                        return unique(all);
                    }
                    let mut next = Vec::new();
                    for end in now {
                        next.extend(self.ends(node, end));
                    }
                    now = unique(next);
                    times += 1;
                }
            }
            Node::Rule(name) => self.rule(name, at),
            Node::Text(text) => {
                let given = self.text.get(at..at + text.len());
                let is_it = given.is_some_and(|given| given.eq_ignore_ascii_case(text));
                if is_it { vec![at + text.len()] } else { Vec::new() }
            }
            Node::Range(from, to) => {
                let is_it = self.text.get(at).is_some_and(|octet| (from..=to).contains(&octet));
                if is_it { vec![at + 1] } else { Vec::new() }
            }
        }
    }
}

fn unique(mut ends: Vec<usize>) -> Vec<usize> {
    ends.sort_unstable();
    ends.dedup();
    ends
}
