import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DeleteSnapshots in Java, of the JDK alone: java Server.java [PORT]. It is a testbed program besides, on its standard input
 * and output, and ends with its input.
 */
public class Server {
    static final int MAX_BATCH = 100;
    static final int MAX_BODY = 1 << 20; // bytes
    static final List<String> STATES = List.of("NORMAL", "CREATING", "FAILED", "ROLLING_BACK", "DELETING");

    private final Map<String, String> snapshots = new HashMap<>(); // id -> state

    static class Refused extends Exception {
        final int status;
        final String code;

        Refused(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }
    }

    /** The action itself: the ids that could not be deleted. A batch is one step: no other comes in between. */
    synchronized List<String> deleteSnapshots(Object body) throws Refused {
        if (!(body instanceof Map<?, ?> members)) {
            throw new Refused(400, "INVALID_PARAMETER_TYPE", "The body has to be an object.");
        }
        Object named = members.get("snapshotIds");
        if (named == null) {
            throw new Refused(400, "MISSING_PARAMETER", "snapshotIds is required.");
        }
        if (!(named instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
            throw new Refused(400, "INVALID_PARAMETER_TYPE", "snapshotIds has to be an array of strings.");
        }
        if (list.isEmpty()) {
            throw new Refused(400, "INVALID_PARAMETER_LESS_LENGTH", "snapshotIds is empty.");
        }
        if (list.size() > MAX_BATCH) {
            throw new Refused(400, "INVALID_PARAMETER_EXCEED_LENGTH", "snapshotIds has more than " + MAX_BATCH + " members.");
        }
        Set<String> ids = new LinkedHashSet<>(); // an id that is named twice counts once
        list.forEach(id -> ids.add((String) id));
        List<String> failed = ids.stream().filter(id -> !"NORMAL".equals(snapshots.get(id))).toList();
        if (ids.size() == 1 && !failed.isEmpty()) {
            throw snapshots.containsKey(failed.get(0))
                ? new Refused(400, "OPERATION_DENIED_DISK_SNAPSHOT_STATUS", "The snapshot is not NORMAL.")
                : new Refused(404, "INVALID_DISK_SNAPSHOT_NOT_FOUND", "There is no such snapshot.");
        }
        failed.forEach(ids::remove);
        snapshots.keySet().removeAll(ids);
        return failed;
    }

    /** One request to the API, and its answer. */
    void serve(HttpExchange exchange) throws IOException {
        String requestId = "T" + UUID.randomUUID().toString().toUpperCase();
        int status = 200;
        Map<String, Object> answer = new LinkedHashMap<>(Map.of("requestId", requestId));
        try {
            byte[] text = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
            if (text.length > MAX_BODY) {
                throw new Refused(413, "INVALID_PARAMETER_EXCEED_LENGTH", "The body may have " + MAX_BODY + " bytes.");
            }
            boolean known = exchange.getRequestMethod().equals("POST") && exchange.getRequestURI().getPath().equals("/api/v2/zec")
                && "DeleteSnapshots".equals(exchange.getRequestHeaders().getFirst("X-ZC-Action"));
            if (!known) {
                throw new Refused(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION", "There is no such action.");
            }
            answer.put("response", Map.of("requestId", requestId, "snapshotIds", deleteSnapshots(Json.read(text))));
        } catch (Json.Unreadable unreadable) {
            status = 400;
            answer.putAll(Map.of("code", "INVALID_PARAMETER_VALUE", "message", "The body is not JSON."));
        } catch (Refused refused) {
            status = refused.status;
            answer.putAll(Map.of("code", refused.code, "message", refused.getMessage()));
        }
        byte[] text = Json.write(answer).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, text.length);
        exchange.getResponseBody().write(text);
        exchange.close();
    }

    /** One request to the testbed, and its answer. */
    synchronized Map<String, Object> testbed(Map<?, ?> order) {
        String id = (String) order.get("snapshotId");
        switch ((String) order.get("verb")) {
            case "states":
                return Map.of("states", STATES);
            case "make":
                String state = (String) order.get("state");
                if (!STATES.contains(state)) {
                    return Map.of("cannot", "There is no such state.");
                }
                List<String> made = new ArrayList<>();
                for (double n = (Double) order.get("count"); n > 0; n--) {
                    made.add("snap-" + UUID.randomUUID());
                }
                made.forEach(one -> snapshots.put(one, state));
                return Map.of("snapshotIds", made);
            case "look":
                return snapshots.containsKey(id) ? Map.of("snapshotId", id, "state", snapshots.get(id)) : Map.of("gone", true);
            case "release":
                snapshots.remove(id);
                return Map.of();
            default:
                return Map.of("error", "There is no such verb.");
        }
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // header and body are sent one after the other
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8099;
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 128);
        Server server = new Server();
        http.createContext("/", server::serve);
        http.setExecutor(Executors.newCachedThreadPool());
        http.start();
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = orders.readLine()) != null; ) {
            Map<?, ?> order = (Map<?, ?>) Json.read(line.getBytes(StandardCharsets.UTF_8));
            System.out.println(Json.write(server.testbed(order)));
        }
        System.exit(0);
    }

    /** JSON as it is defined, and nothing beyond: objects, arrays, strings, Double, Boolean and null. */
    static class Json {
        static final int MAX_DEPTH = 1000; // for the sake of the stack
        static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

        static class Unreadable extends Exception {}

        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        static Object read(byte[] utf8) throws Unreadable {
            try {
                Json json = new Json(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
                Object value = json.value(0);
                json.next();
                if (json.at < json.text.length()) {
                    throw new Unreadable(); // more than one value
                }
                return value;
            } catch (CharacterCodingException notUTF8) {
                throw new Unreadable();
            }
        }

        /** The next character that is no space, which is left there; 0 at the end. */
        private char next() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private boolean takes(char wanted) {
            boolean there = next() == wanted;
            at += there ? 1 : 0;
            return there;
        }

        private void expect(char wanted) throws Unreadable {
            if (!takes(wanted)) {
                throw new Unreadable();
            }
        }

        private Object value(int depth) throws Unreadable {
            if (depth > MAX_DEPTH) {
                throw new Unreadable();
            }
            switch (next()) {
                case '{':
                    at++;
                    Map<String, Object> members = new HashMap<>();
                    for (boolean first = true; !takes('}'); first = false) {
                        if (!first) {
                            expect(',');
                        }
                        String name = string();
                        expect(':');
                        members.put(name, value(depth + 1));
                    }
                    return members;
                case '[':
                    at++;
                    List<Object> items = new ArrayList<>();
                    for (boolean first = true; !takes(']'); first = false) {
                        if (!first) {
                            expect(',');
                        }
                        items.add(value(depth + 1));
                    }
                    return items;
                case '"':
                    return string();
                case 't':
                    return word("true", true);
                case 'f':
                    return word("false", false);
                case 'n':
                    return word("null", null);
                default:
                    Matcher number = NUMBER.matcher(text).region(at, text.length());
                    if (!number.lookingAt()) {
                        throw new Unreadable();
                    }
                    at = number.end();
                    return Double.valueOf(number.group());
            }
        }

        private Object word(String word, Object value) throws Unreadable {
            if (!text.startsWith(word, at)) {
                throw new Unreadable();
            }
            at += word.length();
            return value;
        }

        private String string() throws Unreadable {
            expect('"');
            StringBuilder read = new StringBuilder();
            while (at < text.length()) {
                char c = text.charAt(at++);
                if (c == '"') {
                    return read.toString();
                }
                if (c < ' ') {
                    throw new Unreadable();
                }
                read.append(c == '\\' ? escaped() : c);
            }
            throw new Unreadable();
        }

        private char escaped() throws Unreadable {
            char c = at < text.length() ? text.charAt(at++) : 0;
            int plain = "\"\\/bfnrt".indexOf(c);
            if (plain >= 0) {
                return "\"\\/\b\f\n\r\t".charAt(plain);
            }
            if (c != 'u' || at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
                throw new Unreadable();
            }
            at += 4;
            return (char) Integer.parseInt(text.substring(at - 4, at), 16);
        }

        static String write(Object value) {
            if (value instanceof Map<?, ?> members) {
                List<String> written = new ArrayList<>();
                members.forEach((name, member) -> written.add(write(name) + ":" + write(member)));
                return "{" + String.join(",", written) + "}";
            }
            if (value instanceof List<?> items) {
                return "[" + String.join(",", items.stream().map(Json::write).toList()) + "]";
            }
            if (!(value instanceof String text)) {
                return String.valueOf(value);
            }
            StringBuilder written = new StringBuilder("\"");
            for (char c : text.toCharArray()) { // beyond ASCII as escapes, so that half a pair is no harm either
                written.append(c == '"' || c == '\\' ? "\\" + c : c < ' ' || c > '~' ? String.format("\\u%04x", (int) c) : c);
            }
            return written.append('"').toString();
        }
    }
}
