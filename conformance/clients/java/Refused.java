import snapshots.client.ErrorCode;
import snapshots.client.Failure;

/** Says that nothing was deleted, and why. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    final int status;
    final transient Failure failure;

    Refused(int status, Failure failure) {
        super(status + " " + failure.getCode() + ": " + failure.getMessage() + " (" + failure.getRequestId() + ")");
        this.status = status;
        this.failure = failure;
    }

    /** Compares with a code that the contract has; an answer may have others. */
    boolean is(ErrorCode code) {
        return code.getValue().equals(failure.getCode());
    }
}
