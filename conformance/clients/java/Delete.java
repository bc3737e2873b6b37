import java.net.URI;
import java.util.List;
import java.util.Optional;
import snapshots.client.ErrorCode;

/** Deletes snapshots: java Delete ENDPOINT ID... */
final class Delete {
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("usage: java Delete ENDPOINT ID...");
        }
        var endpoint = URI.create(arguments[0]);
        var ids = List.of(arguments).subList(1, arguments.length);
        var id = System.getenv().getOrDefault("ZENLAYERCLOUD_ACCESS_KEY_ID", "");
        var secret = System.getenv().getOrDefault("ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", "");
        var signature = id.isEmpty() || secret.isEmpty() ? Optional.<Signature>empty() : Optional.of(new Signature(id, secret));
        try {
            for (String left : new Snapshots(endpoint, signature).delete(ids)) {
                System.out.println("left " + left);
            }
        } catch (Refused refused) {
            if (refused.is(ErrorCode.INVALID_DISK_SNAPSHOT_NOT_FOUND)) {
                System.out.println("gone already");
                return;
            }
            System.err.println("refused: " + refused.getMessage());
            System.exit(1);
        }
    }
}
