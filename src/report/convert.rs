//! A session, its findings and the counts of a run → the values of [`model`](super::model).
//!
//! Every byte string of the wire passes [`printable`] here. The summary is written by way of these
//! values; sessions, of which there are many, are written by [`text`](super::text), which says the
//! same in the same order.

use super::model::{
    Alert, Auth, AuthAttempt, AuthStep, BySide, Certificate, Chunks, Closing, ErrorCount, Event,
    Example, Exchange, ExchangeTiming, ExtensionCount, Extensions, Finding, Gap, Greeting, Head,
    Input, Latency, Message, NotJudged, Odd, Offer, Peer, Phases, Rate, Recipient, RecipientCount,
    Reply, Resync, RoundTrip, SCHEMA, Server, Servers, Session, Severities, Slow, Stall, Summary,
    TimeBySide, Timing, Tls, Tool, Transport, Unsolicited, Via,
};
use super::summary;
use super::view::{View, Where, offers, shown_column, used};
use super::{Entry, InputReport};
use super::{events, latency, names, pace, sasl, story};
use crate::chunk::{self, Sides};
use crate::dialog::session::{self as dialog, Span};
use crate::escape::printable;
use crate::rules;
use crate::smtp::reply::Offer as Offered;
use crate::time::{Lapse, Stamp};
use crate::timing::{self, ExchangeTimes, Phase};
use crate::tls::Unread;
use std::net::SocketAddr;
use std::ops::Range;

impl<'a> Session<'a> {
    /// The session as reports give it; `inputs` are the inputs' paths by number. Its events
    /// are only told if they are asked for.
    #[must_use]
    pub fn new(entry: &Entry<'a>, inputs: &'a [String], with_events: bool) -> Self {
        let Entry { session, findings, not_judged, .. } = *entry;
        let view = View::new(entry, inputs);
        let timing = &session.timing;
        let times = timing::of(session);
        let mut story = String::new();
        story::tell(&mut story, session, &times.stalls);
        Self {
            kind: "session",
            // Put there by the writer.
            id: 0,
            input: view.input,
            client: session.opening.peers.map(|peers| peer(peers.client)),
            server: session.opening.peers.map(|peers| peer(peers.server)),
            via: session.opening.via.map(via),
            start: view.time(session.opening.at),
            duration_us: session.duration().map(Lapse::micros),
            protocol: names::protocol(session.protocol),
            greeting: session.greeting.map(|reply| Greeting {
                code: reply.code,
                lines: view.texts(&reply),
                delay_us: timing.greeting.map(Lapse::micros),
            }),
            helo: session.helo.map(|span| view.text(span)),
            extensions: Extensions {
                offered: offers(session).map(offer).collect(),
                used: used(session).map(|extension| extension.keyword).collect(),
            },
            tls: session.tls.as_ref().map(|one| tls(&view, one)),
            auth: session.auth.as_deref().map(|one| auth(&view, one)),
            exchanges: session
                .exchanges
                .iter()
                .zip(&times.exchanges)
                .map(|(exchange, times)| view.exchange(exchange, times))
                .collect(),
            unsolicited_replies: session
                .unsolicited
                .iter()
                .map(|one| Unsolicited { reply: view.reply(&one.reply), after: one.after })
                .collect(),
            messages: (0..)
                .zip(&session.messages)
                .map(|(index, message)| view.message(index, message))
                .collect(),
            elided: view.elided(),
            gaps: session.gaps.iter().map(|gap| view.gap(gap)).collect(),
            resyncs: session.resyncs.iter().map(|resync| view.resync(resync)).collect(),
            end: session.end.name(),
            cut: session.ending == chunk::Ending::Evicted,
            transport: session.transport.as_ref().map(|transport| Transport {
                connect_us: timing.connect.map(Lapse::micros),
                bytes: transport.bytes.into(),
                missing_bytes: transport.missing_bytes.into(),
                retransmitted_bytes: transport.retransmitted_bytes.into(),
                out_of_order: transport.out_of_order.into(),
                conflicting_bytes: transport.conflicting_bytes.into(),
                midstream: transport.midstream,
                round_trip_us: TimeBySide {
                    client: transport.round_trip.client.map(Lapse::micros),
                    server: transport.round_trip.server.map(Lapse::micros),
                },
                odd: odd(transport),
                stalls: transport.stalls.iter().map(|stall| view.stall(stall)).collect(),
            }),
            timing: Timing {
                connect_us: timing.connect.map(Lapse::micros),
                greeting_us: timing.greeting.map(Lapse::micros),
                envelope_us: timing.envelope.map(Lapse::micros),
                data_us: timing.data.map(Lapse::micros),
                client_us: timing.client.map(Lapse::micros),
                server_us: timing.server.map(Lapse::micros),
                idle_us: timing.idle.map(Lapse::micros),
                phases_us: (&times.phases).into(),
                round_trip_us: times.round_trip.into(),
            },
            story,
            events: with_events
                .then(|| events::of(session).iter().map(|one| view.event(one)).collect()),
            findings: findings.iter().map(|finding| view.finding(finding)).collect(),
            not_judged: not_judged
                .iter()
                .map(|one| NotJudged { rule: one.rule, why: one.why })
                .collect(),
        }
    }
}

impl<'a> Head<'a> {
    /// The version, the tool, and what was read.
    #[must_use]
    pub fn new(inputs: &'a [InputReport], partial: bool) -> Self {
        let tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
        Self { schema: SCHEMA, tool, partial, inputs: inputs.iter().map(input).collect() }
    }
}

impl<'a> Closing<'a> {
    /// The last line of NDJSON.
    #[must_use]
    pub fn new(head: Head<'a>, summary: Summary) -> Self {
        Self { kind: "summary", head, summary }
    }
}

impl Summary {
    /// The counts as reports give them; `inputs` are the inputs' paths by number.
    #[must_use]
    pub fn new(summary: &summary::Summary, inputs: &[InputReport]) -> Self {
        Self {
            sessions: summary.sessions,
            all_sessions: summary.all_sessions(),
            messages: summary.messages,
            findings: Severities {
                error: summary.severities.error,
                warning: summary.severities.warning,
                note: summary.severities.note,
            },
            by_rule: summary.rules.iter().map(|(&id, count)| (id, count.times)).collect(),
            extensions: summary
                .extensions()
                .map(|(keyword, count)| {
                    let count = ExtensionCount { offered: count.offered, used: count.used };
                    (keyword.to_owned(), count)
                })
                .collect(),
            latency_us: {
                let times = summary.latency().into_iter();
                times.map(|(verb, times)| (verb, times.into())).collect()
            },
            greeting_us: (summary.greeting.count() > 0).then(|| (&summary.greeting).into()),
            latency_by_phase: {
                let times = summary.pace.phases();
                times.map(|(phase, times)| (phase.name(), times.into())).collect()
            },
            latency_by_server: summary.servers().into(),
            slowest: summary.pace.slowest().map(|one| slow(one, inputs)).collect(),
            sessions_per_minute: summary.pace.rate().map(|rate| Rate {
                mean: rate.mean,
                peak: rate.peak,
                peak_at: rate.peak_at.rfc3339(0),
            }),
            recipients: RecipientCount {
                offered: summary.recipients_offered,
                accepted: summary.recipients_accepted,
            },
            outcomes: summary.outcomes(),
            ends: summary.ends(),
            errors: summary
                .errors
                .iter()
                .map(|(error, count)| ErrorCount {
                    command: error.command,
                    code: error.code,
                    count: count.times,
                    example: example(&count.example, inputs),
                })
                .collect(),
            not_judged: summary.not_judged,
        }
    }
}

impl From<&latency::Latency> for Latency {
    fn from(times: &latency::Latency) -> Self {
        let [p50, p90, p99] = times.quantiles([0.5, 0.9, 0.99]);
        Self { count: times.count(), p50, p90, p99, max: times.max() }
    }
}

/// What was odd about the segments of a session.
fn odd(transport: &chunk::Transport) -> Option<Odd> {
    transport.is_odd().then(|| {
        let of = |what: fn(&chunk::Odd) -> chunk::Times| transport.times(what).into();
        Odd {
            retransmissions: of(|odd| odd.retransmissions),
            timeouts: of(|odd| odd.timeouts),
            spurious: of(|odd| odd.spurious),
            duplicates: of(|odd| odd.duplicates),
            reordered: of(|odd| odd.reordered),
            zero_windows: of(|odd| odd.zero_windows),
            keep_alives: of(|odd| odd.keep_alives),
            syns: of(|odd| odd.syns),
        }
    })
}

impl From<&latency::Coarse> for Latency {
    fn from(times: &latency::Coarse) -> Self {
        let [p50, p90, p99] = times.percentiles([50, 90, 99]);
        Self { count: times.count(), p50, p90, p99, max: times.max() }
    }
}

impl From<pace::Servers> for Servers {
    fn from(servers: pace::Servers) -> Self {
        let one = |(server, times): (SocketAddr, latency::Coarse)| Server {
            server: server.to_string(),
            latency: (&times).into(),
        };
        Self {
            servers: servers.first.into_iter().map(one).collect(),
            others: servers.others.as_ref().map(Latency::from),
            elided: servers.count,
        }
    }
}

impl From<&timing::Phases> for Phases {
    fn from(phases: &timing::Phases) -> Self {
        let of = |phase| phases.of(phase).map(Lapse::micros);
        Self {
            connect: of(Phase::Connect),
            greeting: of(Phase::Greeting),
            ehlo: of(Phase::Ehlo),
            tls: of(Phase::Tls),
            auth: of(Phase::Auth),
            envelope: of(Phase::Envelope),
            data: of(Phase::Data),
            end_of_data: of(Phase::Final),
            quit: of(Phase::Quit),
            other: of(Phase::Other),
        }
    }
}

impl From<timing::RoundTrip> for RoundTrip {
    fn from(way: timing::RoundTrip) -> Self {
        Self {
            client: way.client.map(Lapse::micros),
            server: way.server.map(Lapse::micros),
            measured: way.measured(),
        }
    }
}

impl From<Sides<u64>> for BySide {
    fn from(sides: Sides<u64>) -> Self {
        Self { client: sides.client, server: sides.server }
    }
}

impl<'a> View<'a> {
    fn text(&self, span: Span) -> String {
        printable(self.session.bytes(span))
    }

    fn time(&self, at: Option<Stamp>) -> Option<String> {
        let opening = &self.session.opening;
        opening.dated(at).map(|at| at.rfc3339(opening.digits))
    }

    fn texts(&self, reply: &dialog::Reply) -> Vec<String> {
        self.lines(reply).map(printable).collect()
    }

    fn reply(&self, reply: &dialog::Reply) -> Reply<'a> {
        let Where { input, frame, line_no } = self.place(reply.begun);
        Reply {
            code: reply.code,
            enhanced: self.enhanced(reply).map(printable),
            lines: self.texts(reply),
            at: self.time(reply.begun.at),
            input,
            frame,
            line_no,
            cut: reply.cut,
        }
    }

    fn exchange(&self, exchange: &dialog::Exchange, times: &ExchangeTimes) -> Exchange<'a> {
        let Where { input, frame, line_no } = self.place(exchange.asked);
        Exchange {
            verb: exchange.request.name(),
            line: self.text(exchange.line),
            at: self.time(exchange.asked.at),
            input,
            frame,
            line_no,
            reply: exchange.reply.map(|reply| self.reply(&reply)),
            latency_us: exchange.latency().map(Lapse::micros),
            timing: ExchangeTiming {
                server_us: times.server.map(Lapse::micros),
                client_us: times.client.map(Lapse::micros),
                network_us: times.network.map(Lapse::micros),
            },
            pipelined: exchange.pipelined,
            masked: exchange.masked,
            cut: exchange.cut,
        }
    }

    fn message(&self, index: u32, message: &dialog::Message) -> Message<'a> {
        let data = timing::transfer(self.session, index, message);
        let recipient = |recipient: &dialog::Recipient| Recipient {
            address: self.text(recipient.address),
            code: recipient.code,
            delivery: recipient.delivery.as_ref().map(|reply| self.reply(reply)),
        };
        Message {
            from: message.from.map(|span| self.text(span)),
            recipients: message.recipients.iter().map(recipient).collect(),
            transfer: message.transfer.map(names::transfer),
            size: message.known_size(),
            outcome: names::outcome(message.outcome),
            code: message.code,
            complete: message.is_complete(),
            chunks: message.chunks.as_deref().map(|chunks| Chunks {
                count: chunks.count,
                announced: chunks.announced,
                seen: chunks.seen,
                last: chunks.last,
            }),
            data_us: data.map(Lapse::micros),
            throughput: data.and_then(|data| timing::throughput(message, data)),
        }
    }

    fn gap(&self, gap: &dialog::GapAt) -> Gap<'a> {
        let Where { input, frame, line_no } = self.place(gap.mark);
        Gap {
            side: gap.side.name(),
            bytes: gap.gap.bytes,
            acked: gap.gap.acked,
            at: self.time(gap.mark.at),
            input,
            frame,
            line_no,
        }
    }

    fn stall(&self, stall: &chunk::Stall) -> Stall<'a> {
        let Where { input, frame, line_no } = self.place(stall.from);
        Stall {
            cause: stall.cause.name(),
            side: stall.side.name(),
            duration_us: stall.duration().map(Lapse::micros),
            times: stall.times,
            at: self.time(stall.from.at),
            input,
            frame,
            line_no,
        }
    }

    fn resync(&self, resync: &dialog::Resync) -> Resync<'a> {
        let Where { input, frame, line_no } = self.place(resync.mark);
        let side = resync.side.name();
        let (why, at) = (names::why(resync.why), self.time(resync.mark.at));
        Resync { side, why, at, input, frame, line_no }
    }

    fn event(&self, event: &events::Event) -> Event<'a> {
        let Where { input, frame, line_no } = self.place(event.mark);
        let delta_us = event.delta.map(Lapse::micros);
        let events::Event { name, exchange, code, .. } = *event;
        let at = self.time(event.mark.at);
        Event { event: name, at, input, frame, line_no, delta_us, exchange, code }
    }

    fn finding(&self, finding: &rules::Finding) -> Finding<'a> {
        say(finding, self.place(finding.mark), self.time(finding.mark.at))
    }
}

/// A finding about what stands at `place`.
fn say<'a>(finding: &rules::Finding, place: Where<'a>, at: Option<String>) -> Finding<'a> {
    let Where { input, frame, line_no } = place;
    let column = |end: fn(&Range<usize>) -> usize| {
        let range = finding.range.as_ref();
        range.map(|range| shown_column(&finding.evidence, end(range)))
    };
    Finding {
        rule: finding.rule.id,
        severity: finding.rule.severity.name(),
        confidence: finding.confidence.name(),
        category: finding.rule.category.name(),
        party: finding.party.name(),
        violates_abnf: finding.violates_abnf,
        message: printable(finding.message.as_bytes()),
        rfc: finding.rule.rfc,
        input,
        frame,
        line_no,
        at,
        exchange: finding.exchange,
        evidence: printable(&finding.evidence),
        column: column(|range| range.start),
        end_column: column(|range| range.end),
        help: finding.rule.help,
    }
}

fn input(report: &InputReport) -> Input<'_> {
    let finding = |finding: &rules::Finding| {
        let (frame, line_no) = report.place(finding);
        say(finding, Where { input: None, frame, line_no }, None)
    };
    Input {
        path: printable(report.path.as_bytes()),
        kind: report.kind,
        dialect: report.dialect,
        dialect_confidence: report.sureness,
        bytes: report.bytes,
        packets: report.packets,
        sessions: report.sessions,
        problems: report.problems.iter().map(|problem| printable(problem.as_bytes())).collect(),
        findings: report.findings.iter().map(finding).collect(),
    }
}

fn slow(slow: &pace::Slow, inputs: &[InputReport]) -> Slow {
    let input = inputs.get(slow.input as usize);
    Slow {
        session: slow.session,
        exchange: slow.exchange,
        verb: slow.verb,
        input: input.map_or_else(String::new, |input| printable(input.path.as_bytes())),
        frame: slow.frame,
        line_no: slow.line_no,
        latency_us: slow.latency().micros(),
    }
}

fn example(example: &summary::Example, inputs: &[InputReport]) -> Example {
    let input = inputs.get(example.input as usize);
    Example {
        session: example.session,
        input: input.map_or_else(String::new, |input| printable(input.path.as_bytes())),
        frame: example.frame,
        line_no: example.line_no,
        text: example.text.clone(),
    }
}

fn offer(offer: Offered<'_>) -> Offer {
    Offer {
        keyword: printable(&offer.keyword.to_ascii_uppercase()),
        params: offer.params().map(printable).collect(),
    }
}

fn auth(view: &View<'_>, auth: &dialog::Auth) -> Auth {
    let steps = |attempt: &dialog::Attempt| {
        let steps = sasl::steps(view.session, auth, attempt).into_iter();
        let step = |step: sasl::Step| {
            let Where { frame, line_no, .. } = view.place(step.mark);
            AuthStep {
                name: step.name,
                side: step.side.name(),
                exchange: step.exchange,
                frame,
                line_no,
                octets: step.octets,
                decoded: step.decoded.as_deref().map(printable),
            }
        };
        steps.map(step).collect()
    };
    let attempt = |attempt: &dialog::Attempt| AuthAttempt {
        mechanism: view.text(attempt.mechanism),
        initial_response: names::initial(attempt.initial),
        identity: attempt.identity.map(|span| view.text(span)),
        outcome: names::auth_outcome(attempt.outcome),
        code: attempt.code,
        exchange: attempt.exchange,
        steps: steps(attempt),
    };
    Auth {
        mechanism: view.text(auth.mechanism),
        identity: auth.identity.map(|span| view.text(span)),
        outcome: names::auth_outcome(auth.outcome),
        attempts: auth.attempts,
        attempts_list: auth.list.iter().map(attempt).collect(),
    }
}

fn tls(view: &View<'_>, tls: &dialog::Tls) -> Tls {
    let facts = &tls.facts;
    let hello = facts.hello.as_deref();
    let text = |text: &Option<Box<str>>| text.as_deref().map(String::from);
    Tls {
        how: if tls.implicit { "implicit" } else { "starttls" },
        at_frame: view.place(tls.begun).frame,
        version: facts.version_name(),
        cipher: facts.cipher(),
        sni: hello.and_then(|hello| hello.server_name.as_deref()).map(printable),
        alpn: hello.iter().flat_map(|hello| hello.protocols.iter()).map(printable).collect(),
        alpn_chosen: facts.protocol.as_deref().map(printable),
        ja3: text(&facts.ja3),
        ja4: text(&facts.ja4),
        certificate: facts.certificate.as_ref().map(|certificate| Certificate {
            subject: printable(&certificate.subject),
            names: certificate.names.iter().map(printable).collect(),
            not_before: text(&certificate.not_before),
            not_after: text(&certificate.not_after),
        }),
        alerts: facts
            .alerts
            .iter()
            .map(|alert| Alert {
                side: alert.side.name(),
                level: names::alert_level(alert).into(),
                description: names::alert(alert).into(),
                frame: view.place(dialog::Mark { at: None, place: alert.place }).frame,
            })
            .collect(),
        completed: facts.completed(),
        unread: facts.unread.map(Unread::name),
        decrypted: false,
        bytes: tls.bytes.into(),
    }
}

fn peer(addr: SocketAddr) -> Peer {
    Peer { addr: addr.ip().to_string(), port: addr.port() }
}

fn via(via: chunk::Via) -> Via {
    Via { kind: names::via(via.kind), addr: via.addr.map(|addr| addr.to_string()), port: via.port }
}

#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests {
    use super::super::sample::{entry, finding, ordinary, quiet};
    use super::*;
    use crate::chunk::Medium;
    use expect_test::expect;

    fn json(session: &dialog::Session, findings: &[rules::Finding]) -> serde_json::Value {
        let inputs = [String::from("mail.pcap")];
        let not_judged = [rules::NotJudged { rule: "greeting-slow", why: "no times" }];
        let entry = Entry { not_judged: &not_judged, ..entry(1, session, findings) };
        serde_json::to_value(Session::new(&entry, &inputs, false)).unwrap()
    }

    #[test]
    fn a_session_in_full() {
        let mut session = ordinary();
        session.exchanges.truncate(3);
        let inputs = [String::from("mail.pcap")];
        let findings = [finding(b"MAIL FROM: <a@b>")];
        let text =
            serde_json::to_string(&Session::new(&entry(1, &session, &findings), &inputs, false))
                .unwrap();
        // A line for each object, so that a change shows where it is.
        expect![[r#"

            {"type":"session","id":0,"input":"mail.pcap","client":
            {"addr":"192.0.2.1","port":4242},"server":
            {"addr":"192.0.2.2","port":25},"via":null,"start":"2023-11-14T22:13:20.001000Z","duration_us":21000,"protocol":"ESMTP","greeting":
            {"code":220,"lines":["mx.example ESMTP"],"delay_us":1000},"helo":"client.example","extensions":
            {"offered":[
            {"keyword":"SIZE","params":["1000"]},
            {"keyword":"X-ODD","params":[]}],"used":["SIZE"]},"tls":null,"auth":null,"exchanges":[
            {"verb":"EHLO","line":"EHLO client.example","at":"2023-11-14T22:13:20.005000Z","frame":5,"line_no":null,"reply":
            {"code":250,"enhanced":null,"lines":["mx.example","size 1000","X-Odd"],"at":"2023-11-14T22:13:20.006000Z","frame":6,"line_no":null,"cut":false},"latency_us":1000,"timing":
            {"server_us":0,"client_us":0,"network_us":2000},"pipelined":false,"masked":null,"cut":false},
            {"verb":"MAIL","line":"MAIL FROM:<a@b.example> SIZE=10","at":"2023-11-14T22:13:20.009000Z","frame":9,"line_no":null,"reply":
            {"code":250,"enhanced":"2.1.0","lines":["2.1.0 Ok"],"at":"2023-11-14T22:13:20.010000Z","frame":10,"line_no":null,"cut":false},"latency_us":1000,"timing":
            {"server_us":0,"client_us":0,"network_us":2000},"pipelined":false,"masked":null,"cut":false},
            {"verb":"RCPT","line":"RCPT TO:<c@d.example>","at":"2023-11-14T22:13:20.011000Z","frame":11,"line_no":null,"reply":
            {"code":250,"enhanced":"2.1.5","lines":["2.1.5 Ok"],"at":"2023-11-14T22:13:20.012000Z","frame":12,"line_no":null,"cut":false},"latency_us":1000,"timing":
            {"server_us":0,"client_us":0,"network_us":2000},"pipelined":false,"masked":null,"cut":false}],"unsolicited_replies":[],"messages":[
            {"from":"a@b.example","recipients":[
            {"address":"c@d.example","code":250,"delivery":null},
            {"address":"no@d.example","code":550,"delivery":null}],"transfer":"DATA","size":12,"outcome":"accepted","code":250,"complete":true,"chunks":null,"data_us":null,"throughput":null}],"elided":null,"gaps":[],"resyncs":[],"end":"quit","cut":false,"transport":
            {"connect_us":2000,"bytes":
            {"client":100,"server":200},"missing_bytes":
            {"client":0,"server":0},"retransmitted_bytes":
            {"client":0,"server":0},"out_of_order":
            {"client":0,"server":0},"conflicting_bytes":
            {"client":0,"server":0},"midstream":false,"round_trip_us":
            {"client":1000,"server":1000},"odd":null,"stalls":[]},"timing":
            {"connect_us":2000,"greeting_us":1000,"envelope_us":8000,"data_us":3000,"client_us":5000,"server_us":11000,"idle_us":3000,"phases_us":
            {"connect":2000,"greeting":1000,"ehlo":4000,"tls":null,"auth":null,"envelope":4000,"data":null,"final":null,"quit":null,"other":10000},"round_trip_us":
            {"client":1000,"server":1000,"measured":"handshake"}},"story":"The server took the message for 1 of 2 recipients; the session ended with QUIT.","findings":[
            {"rule":"path-space-after-colon","severity":"error","confidence":"certain","category":"command","party":"client","violates_abnf":true,"message":"a blank after the colon","rfc":"RFC 5321 §4.1.1.2","frame":9,"line_no":null,"at":"2023-11-14T22:13:20.009000Z","exchange":1,"evidence":"MAIL FROM: <a@b>","column":11,"end_column":12,"help":"leave the blank out"}],"not_judged":[]}"#]].assert_eq(&text.replace("{\"", "\n{\""));
    }

    #[test]
    fn places_are_lines_in_a_transcript_and_what_is_unknown_is_null() {
        let mut session = ordinary();
        session.opening.medium = Medium::Transcript;
        session.opening.peers = None;
        session.opening.at = None;
        session.transport = None;
        let value = json(&session, &[finding(b"x")]);
        let exchange = &value["exchanges"][0];
        assert_eq!((&exchange["frame"], &exchange["line_no"]), (&().into(), &5.into()));
        assert_eq!(value["exchanges"][0]["reply"]["line_no"], 6);
        assert_eq!(value["findings"][0]["line_no"], 9);
        for name in ["client", "server", "start", "duration_us", "transport", "tls", "auth", "via"]
        {
            assert!(value.get(name).is_some_and(serde_json::Value::is_null), "{name}");
        }
    }

    #[test]
    fn what_was_not_kept_is_said() {
        let mut session = quiet();
        assert!(json(&session, &[])["elided"].is_null());
        session.elided_exchanges = 3;
        session.exchanges[0].reply.as_mut().unwrap().lines = 513;
        let elided = &json(&session, &[])["elided"];
        assert_eq!((&elided["exchanges"], &elided["reply_lines"]), (&3.into(), &511.into()));
        assert_eq!((&elided["messages"], &elided["recipients"]), (&0.into(), &0.into()));
    }
}
