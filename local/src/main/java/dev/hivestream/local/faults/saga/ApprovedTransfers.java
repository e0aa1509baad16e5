package dev.hivestream.local.faults.saga;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Domain;
import dev.hivestream.model.SagaType;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.util.List;

/** A domain of one saga, between the aggregates of the samples; the system property {@link Code#PROPERTY} chooses its code. */
public final class ApprovedTransfers implements Domain {

    /** The saga's name. */
    public static final String SAGA = "approved-transfer";

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of();
    }

    @Override
    public List<SagaType<?, ?, ?>> sagas() {
        return List.of(of(Code.of(Integer.getInteger(Code.PROPERTY, 0))));
    }

    /** The saga with a version of its code. */
    static SagaType<Record, ApprovedTransfer.State, Record> of(Code code) {
        return SagaType.<Record, ApprovedTransfer.State, Record>named(SAGA, new ApprovedTransfer(code),
                ApprovedTransfer.State.class)
                .startsOn(SampleDomain.TRANSFER, TransferRequested.class)
                .reactsTo(SampleDomain.REVIEW, ReviewApproved.class, ReviewRefused.class)
                .sends(SampleDomain.ACCOUNT, Withdraw.class, Deposit.class)
                .sends(SampleDomain.TRANSFER, CompleteTransfer.class, RefundTransfer.class, RefuseTransfer.class)
                .sends(SampleDomain.CONTENT, CreateContent.class)
                .deadline(ApprovedTransfer.ANSWER).deadline(ApprovedTransfer.REMINDER)
                .evolveVersion(code.evolveVersion()).build();
    }
}
