import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import snapshots.client.SignatureMethod;

/** Signature v2: proves with a key who asks. It signs each request that a client sends. */
record Signature(String keyId, String secret) implements Consumer<HttpRequest.Builder> {
    private static final String METHOD = SignatureMethod.ZC2_HMAC_SHA256.getValue();
    private static final String SIGNED_HEADERS = "content-type;host";

    @Override
    public void accept(HttpRequest.Builder builder) {
        HttpRequest request = builder.build();
        String timestamp = Long.toString(Instant.now().getEpochSecond());
        String canonical = String.join("\n",
            "POST", "/", "", // whatever the path is
            "content-type:" + request.headers().firstValue("Content-Type").orElse(""),
            "host:" + request.uri().getRawAuthority(), "",
            SIGNED_HEADERS, sha256(body(request)));
        String signature = hmac(String.join("\n", METHOD, timestamp, sha256(canonical.getBytes(StandardCharsets.UTF_8))));
        builder.setHeader("X-ZC-Timestamp", timestamp)
            .setHeader("X-ZC-Signature-Method", METHOD)
            .setHeader("Authorization", METHOD + " Credential=" + keyId + ", SignedHeaders=" + SIGNED_HEADERS + ", Signature=" + signature);
    }

    private static String sha256(byte[] text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private String hmac(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), mac.getAlgorithm()));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** A request gives its body to who subscribes to it. */
    private static byte[] body(HttpRequest request) {
        BodySubscriber<byte[]> whole = BodySubscribers.ofByteArray();
        request.bodyPublisher().orElseThrow().subscribe(new Flow.Subscriber<ByteBuffer>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                whole.onSubscribe(subscription);
            }

            @Override
            public void onNext(ByteBuffer part) {
                whole.onNext(List.of(part));
            }

            @Override
            public void onError(Throwable reason) {
                whole.onError(reason);
            }

            @Override
            public void onComplete() {
                whole.onComplete();
            }
        });
        return whole.getBody().toCompletableFuture().join();
    }
}
