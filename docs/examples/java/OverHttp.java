// Publishes over HTTP with the JDK alone: an event, the same again, a correction and a wrong one;
// shows what each does. Run it with `java OverHttp.java` (17 or later).

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

public final class OverHttp {
    static final String UNIT = setting("TONGHOP_UNIT", "H41.16");
    static final String URL = setting("TONGHOP_URL", "http://127.0.0.1:8080");
    static final String TOKEN = setting("TONGHOP_TOKEN", ""); // th_…, which the office gave out
    static final String DAY = "2021-07-01";
    // An id is unique for ever: take the key of a row of your database.
    static final long RUN = System.currentTimeMillis() * 1_000_000 + System.nanoTime() % 1_000_000;
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    /** A document that was issued, as one CloudEvent; `more` is further attributes. */
    static String event(int number, String signature, boolean signed, String more) {
        return """
            {"specversion":"1.0","id":"%s-%d","source":"/%s/try-java",
             "type":"vn.tonghop.document.issued.v1","subject":"%s/CV-STTTT",
             "time":"%sT09:00:00+07:00","unit":"%s",%s
             "data":{"kind":"CV","electronic":true,"personalSignature":true,"%s":%b,"normative":false}}
            """.formatted(RUN, number, UNIT, RUN, DAY, UNIT, more, signature, signed);
    }

    static String event(int number, boolean signed, String more) {
        return event(number, "organisationSignature", signed, more);
    }

    /** Publishes one event, and sends it again for as long as the system is busy or away. */
    static String post(String event) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(URL + "/v1/events"))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer " + TOKEN)
            .header("Content-Type", "application/cloudevents+json")
            .POST(HttpRequest.BodyPublishers.ofString(event))
            .build();
        while (true) {
            HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 429 || answer.statusCode() == 503) {
                long seconds = answer.headers().firstValueAsLong("Retry-After").orElse(1);
                Thread.sleep(Duration.ofSeconds(seconds).toMillis());
            } else if (answer.body().contains("\"status\":\"")) {
                return answer.body();
            } else { // not about the event: token, size, form
                throw new IllegalStateException(answer.statusCode() + ": " + answer.body());
            }
        }
    }

    static String get(Map<String, String> query) throws Exception {
        StringBuilder target = new StringBuilder(URL + "/v1/figures?");
        for (Map.Entry<String, String> part : query.entrySet()) {
            target.append(part.getKey()).append('=')
                .append(URLEncoder.encode(part.getValue(), StandardCharsets.UTF_8)).append('&');
        }
        HttpRequest request = HttpRequest.newBuilder(URI.create(target.toString()))
            .timeout(Duration.ofSeconds(10)).build();
        HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(answer.body());
        }
        return answer.body();
    }

    static String figure(String indicator) throws Exception {
        return get(Map.of("indicator", indicator, "unit", UNIT, "from", DAY, "to", DAY));
    }

    /** What the system says, once it has folded the log up to this position. */
    static String figures(long position) throws Exception {
        while (true) {
            String issued = figure("documents.issued");
            String signed = figure("documents.signed_share");
            if (Math.min(number(issued, "position"), number(signed, "position")) >= position) {
                if (issued.contains("\"missing\":true")) {
                    return "no data"; // nobody ever sent a document of this unit
                }
                return number(issued, "value") + " issued, " + number(signed, "part") + " of them signed";
            }
            Thread.sleep(50);
        }
    }

    /** The JDK has no JSON: take the library that your system uses. */
    static long number(String json, String name) {
        return Long.parseLong(member(json, name, "(-?[0-9]+)"));
    }

    static String member(String json, String name, String value) {
        var found = Pattern.compile("\"" + name + "\":" + value).matcher(json);
        if (!found.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return found.group(1);
    }

    static void tell(String what, String answer) throws Exception {
        String status = member(answer, "status", "\"([a-z]+)\"");
        System.out.println(what + status + ", " + figures(number(answer, "position")));
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("before:     " + figures(0));
        String first = event(1, false, "");
        tell("published:  ", post(first));
        tell("sent again: ", post(first));
        tell("corrected:  ", post(event(2, true, "\"replaces\":\"" + RUN + "-1\",")));
        String refused = post(event(3, "organizationSignature", true, ""));
        System.out.println("refused:    " + member(refused, "code", "\"([a-z._]+)\"")
            + " " + member(refused, "args", "(\\{[^}]*\\})"));
    }
}
