import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import snapshots.client.Action;
import snapshots.client.ApiClient;
import snapshots.client.ApiException;
import snapshots.client.DeleteSnapshotsRequest;
import snapshots.client.DiskSnapshotApi;
import snapshots.client.Failure;
import snapshots.client.Version;

/** A client of DeleteSnapshots. All that it knows of the API is in what is generated from the contract. */
final class Snapshots {
    private final ApiClient client = new ApiClient();
    private final DiskSnapshotApi api;

    Snapshots(URI endpoint, Optional<Signature> signature) {
        client.setScheme(endpoint.getScheme()).setHost(endpoint.getHost()).setPort(endpoint.getPort()).setBasePath(endpoint.getRawPath());
        signature.ifPresent(client::setRequestInterceptor);
        api = new DiskSnapshotApi(client);
    }

    /**
     * Deletes what can be deleted.
     *
     * @return the ids of the others
     * @throws Refused where nothing could be deleted
     */
    List<String> delete(List<String> snapshotIds) throws ApiException, IOException, Refused {
        var request = new DeleteSnapshotsRequest().snapshotIds(snapshotIds);
        try {
            // The headers that are null come with the signature, or are of no use here.
            var result = api.deleteSnapshots(Action.DELETESNAPSHOTS, request, Version._2025_09_01, null, null, null, null, null, null);
            return Optional.ofNullable(result.getResponse().getSnapshotIds()).orElse(List.of());
        } catch (ApiException e) {
            if (e.getResponseBody() == null) {
                throw e; // there was no answer
            }
            throw new Refused(e.getCode(), client.getObjectMapper().readValue(e.getResponseBody(), Failure.class));
        }
    }
}
