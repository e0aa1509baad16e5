package dev.hivestream.samples;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Domain;
import dev.hivestream.model.SagaType;
import dev.hivestream.samples.account.Account;
import dev.hivestream.samples.account.AccountCommand;
import dev.hivestream.samples.account.AccountCommand.CloseAccount;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.OpenAccount;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.account.AccountDecider;
import dev.hivestream.samples.account.AccountEvent;
import dev.hivestream.samples.account.AccountEvent.AccountClosed;
import dev.hivestream.samples.account.AccountEvent.AccountOpened;
import dev.hivestream.samples.account.AccountEvent.Deposited;
import dev.hivestream.samples.account.AccountEvent.Withdrawn;
import dev.hivestream.samples.content.Content;
import dev.hivestream.samples.content.ContentCommand;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EditContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentDecider;
import dev.hivestream.samples.content.ContentEvent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.content.ContentEvent.ContentDisabled;
import dev.hivestream.samples.content.ContentEvent.ContentEdited;
import dev.hivestream.samples.content.ContentEvent.ContentEnabled;
import dev.hivestream.samples.review.Publication;
import dev.hivestream.samples.review.PublicationSaga;
import dev.hivestream.samples.review.Review;
import dev.hivestream.samples.review.ReviewCommand;
import dev.hivestream.samples.review.ReviewCommand.ApproveReview;
import dev.hivestream.samples.review.ReviewCommand.RefuseReview;
import dev.hivestream.samples.review.ReviewCommand.RequestReview;
import dev.hivestream.samples.review.ReviewDecider;
import dev.hivestream.samples.review.ReviewEvent;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.review.ReviewEvent.ReviewRequested;
import dev.hivestream.samples.transfer.MoneyTransfer;
import dev.hivestream.samples.transfer.MoneyTransferSaga;
import dev.hivestream.samples.transfer.Transfer;
import dev.hivestream.samples.transfer.TransferCommand;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RequestTransfer;
import dev.hivestream.samples.transfer.TransferDecider;
import dev.hivestream.samples.transfer.TransferEvent;
import dev.hivestream.samples.transfer.TransferEvent.TransferCompleted;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefunded;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefused;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The samples: {@code content}, {@code account}, {@code transfer} and {@code review}, what their commands and events are
 * called on the wire, and the sagas between them.
 */
public final class SampleDomain implements Domain {

    /** The aggregate {@code content}. */
    public static final Aggregate<ContentCommand, Content, ContentEvent> CONTENT = Aggregate
            .named("content", new ContentDecider(), Content.class)
            .command("create", CreateContent.class)
            .command("edit", EditContent.class)
            .command("enable", EnableContent.class)
            .command("disable", DisableContent.class)
            .event("created", ContentCreated.class, SampleDomain::bodyBecameText)
            .event("edited", ContentEdited.class)
            .event("enabled", ContentEnabled.class)
            .event("disabled", ContentDisabled.class)
            .build();

    /** The aggregate {@code account}. */
    public static final Aggregate<AccountCommand, Account, AccountEvent> ACCOUNT = Aggregate
            .named("account", new AccountDecider(), Account.class)
            .command("open", OpenAccount.class)
            .command("deposit", Deposit.class)
            .command("withdraw", Withdraw.class)
            .command("close", CloseAccount.class)
            .event("opened", AccountOpened.class)
            .event("deposited", Deposited.class)
            .event("withdrawn", Withdrawn.class)
            .event("closed", AccountClosed.class)
            .build();

    /** The aggregate {@code transfer}. */
    public static final Aggregate<TransferCommand, Transfer, TransferEvent> TRANSFER = Aggregate
            .named("transfer", new TransferDecider(), Transfer.class)
            .command("request", RequestTransfer.class)
            .command("complete", CompleteTransfer.class)
            .command("refund", RefundTransfer.class)
            .command("refuse", RefuseTransfer.class)
            .event("requested", TransferRequested.class)
            .event("completed", TransferCompleted.class)
            .event("refunded", TransferRefunded.class)
            .event("refused", TransferRefused.class)
            .build();

    /** The aggregate {@code review}. */
    public static final Aggregate<ReviewCommand, Review, ReviewEvent> REVIEW = Aggregate
            .named("review", new ReviewDecider(), Review.class)
            .command("request", RequestReview.class)
            .command("approve", ApproveReview.class)
            .command("refuse", RefuseReview.class)
            .event("requested", ReviewRequested.class)
            .event("approved", ReviewApproved.class)
            .event("refused", ReviewRefused.class)
            .build();

    /** The saga {@code money-transfer}: its instances have the ids of the transfers. */
    public static final SagaType<TransferRequested, MoneyTransfer, Record> MONEY_TRANSFER = SagaType
            .named("money-transfer", new MoneyTransferSaga(), MoneyTransfer.class)
            .startsOn(TRANSFER, TransferRequested.class)
            .sends(ACCOUNT, Withdraw.class, Deposit.class)
            .sends(TRANSFER, CompleteTransfer.class, RefundTransfer.class, RefuseTransfer.class)
            .deadline(MoneyTransferSaga.ANSWER)
            .build();

    /** The saga {@code publication}: its instances have the ids of the content. */
    public static final SagaType<Record, Publication, Record> PUBLICATION = SagaType
            .named("publication", new PublicationSaga(reviewWithin()), Publication.class)
            .startsOn(CONTENT, ContentCreated.class)
            .reactsTo(REVIEW, ReviewApproved.class, ReviewRefused.class)
            .sends(REVIEW, RequestReview.class)
            .sends(CONTENT, EnableContent.class, DisableContent.class)
            .deadline(PublicationSaga.DECISION)
            .build();

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(CONTENT, ACCOUNT, TRANSFER, REVIEW);
    }

    @Override
    public List<SagaType<?, ?, ?>> sagas() {
        return List.of(MONEY_TRANSFER, PUBLICATION);
    }

    /** How long a review may take: the system property {@code samples.review-within}; two days unless it says otherwise. */
    static Duration reviewWithin() {
        String within = System.getProperty("samples.review-within", "PT48H");
        try {
            return Duration.parse(within);
        } catch (DateTimeParseException _) {
            throw new IllegalArgumentException(
                    "The system property samples.review-within is no duration like PT48H: " + within);
        }
    }

    /** Version 1 of {@code content.created} called the text body, and all content began disabled. */
    private static Map<String, @Nullable Object> bodyBecameText(Map<String, @Nullable Object> payload) {
        payload.put("text", payload.remove("body"));
        payload.put("enabled", false);
        return payload;
    }
}
