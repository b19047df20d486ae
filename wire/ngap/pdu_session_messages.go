package ngap

// PDUSessionResourceSetupRequest is the PDU SESSION RESOURCE SETUP REQUEST message, TS 38.413 §9.2.1.1.
//
//aper:message initiating 29 reject
type PDUSessionResourceSetupRequest struct {
	AMFUENGAPID                      AMFUENGAPID                      `ie:"10,reject,mandatory"`
	RANUENGAPID                      RANUENGAPID                      `ie:"85,reject,mandatory"`
	RANPagingPriority                *RANPagingPriority               `ie:"83,ignore,optional"`
	NASPDU                           NASPDU                           `ie:"38,reject,optional"`
	PDUSessionResourceSetupListSUReq PDUSessionResourceSetupListSUReq `ie:"74,reject,mandatory"`
	UEAggregateMaximumBitRate        *UEAggregateMaximumBitRate       `ie:"110,ignore,optional"`
	UESliceMaximumBitRateList        UESliceMaximumBitRateList        `ie:"335,ignore,optional"`
}

// PDUSessionResourceSetupResponse is the PDU SESSION RESOURCE SETUP RESPONSE message, TS 38.413 §9.2.1.2.
//
//aper:message successful 29 reject
type PDUSessionResourceSetupResponse struct {
	AMFUENGAPID                              AMFUENGAPID                              `ie:"10,ignore,mandatory"`
	RANUENGAPID                              RANUENGAPID                              `ie:"85,ignore,mandatory"`
	PDUSessionResourceSetupListSURes         PDUSessionResourceSetupListSURes         `ie:"75,ignore,optional"`
	PDUSessionResourceFailedToSetupListSURes PDUSessionResourceFailedToSetupListSURes `ie:"58,ignore,optional"`
	CriticalityDiagnostics                   *CriticalityDiagnostics                  `ie:"19,ignore,optional"`
	UserLocationInformation                  *UserLocationInformation                 `ie:"121,ignore,optional"`
}

// PDUSessionResourceReleaseCommand is the PDU SESSION RESOURCE RELEASE COMMAND message, TS 38.413 §9.2.1.3.
//
//aper:message initiating 28 reject
type PDUSessionResourceReleaseCommand struct {
	AMFUENGAPID                           AMFUENGAPID                           `ie:"10,reject,mandatory"`
	RANUENGAPID                           RANUENGAPID                           `ie:"85,reject,mandatory"`
	RANPagingPriority                     *RANPagingPriority                    `ie:"83,ignore,optional"`
	NASPDU                                NASPDU                                `ie:"38,ignore,optional"`
	PDUSessionResourceToReleaseListRelCmd PDUSessionResourceToReleaseListRelCmd `ie:"79,reject,mandatory"`
}

// PDUSessionResourceReleaseResponse is the PDU SESSION RESOURCE RELEASE RESPONSE message, TS 38.413 §9.2.1.4.
//
//aper:message successful 28 reject
type PDUSessionResourceReleaseResponse struct {
	AMFUENGAPID                          AMFUENGAPID                          `ie:"10,ignore,mandatory"`
	RANUENGAPID                          RANUENGAPID                          `ie:"85,ignore,mandatory"`
	PDUSessionResourceReleasedListRelRes PDUSessionResourceReleasedListRelRes `ie:"70,ignore,mandatory"`
	UserLocationInformation              *UserLocationInformation             `ie:"121,ignore,optional"`
	CriticalityDiagnostics               *CriticalityDiagnostics              `ie:"19,ignore,optional"`
}

// PDUSessionResourceModifyRequest is the PDU SESSION RESOURCE MODIFY REQUEST message, TS 38.413 §9.2.1.5.
//
//aper:message initiating 26 reject
type PDUSessionResourceModifyRequest struct {
	AMFUENGAPID                        AMFUENGAPID                        `ie:"10,reject,mandatory"`
	RANUENGAPID                        RANUENGAPID                        `ie:"85,reject,mandatory"`
	RANPagingPriority                  *RANPagingPriority                 `ie:"83,ignore,optional"`
	PDUSessionResourceModifyListModReq PDUSessionResourceModifyListModReq `ie:"64,reject,mandatory"`
}

// PDUSessionResourceModifyResponse is the PDU SESSION RESOURCE MODIFY RESPONSE message, TS 38.413 §9.2.1.6.
//
//aper:message successful 26 reject
type PDUSessionResourceModifyResponse struct {
	AMFUENGAPID                                AMFUENGAPID                                `ie:"10,ignore,mandatory"`
	RANUENGAPID                                RANUENGAPID                                `ie:"85,ignore,mandatory"`
	PDUSessionResourceModifyListModRes         PDUSessionResourceModifyListModRes         `ie:"65,ignore,optional"`
	PDUSessionResourceFailedToModifyListModRes PDUSessionResourceFailedToModifyListModRes `ie:"54,ignore,optional"`
	UserLocationInformation                    *UserLocationInformation                   `ie:"121,ignore,optional"`
	CriticalityDiagnostics                     *CriticalityDiagnostics                    `ie:"19,ignore,optional"`
}

// PDUSessionResourceNotify is the PDU SESSION RESOURCE NOTIFY message, TS 38.413 §9.2.1.7.
//
//aper:message initiating 30 ignore
type PDUSessionResourceNotify struct {
	AMFUENGAPID                       AMFUENGAPID                       `ie:"10,reject,mandatory"`
	RANUENGAPID                       RANUENGAPID                       `ie:"85,reject,mandatory"`
	PDUSessionResourceNotifyList      PDUSessionResourceNotifyList      `ie:"66,reject,optional"`
	PDUSessionResourceReleasedListNot PDUSessionResourceReleasedListNot `ie:"67,ignore,optional"`
	UserLocationInformation           *UserLocationInformation          `ie:"121,ignore,optional"`
}

// PDUSessionResourceModifyIndication is the PDU SESSION RESOURCE MODIFY INDICATION message, TS 38.413 §9.2.1.8.
//
//aper:message initiating 27 reject
type PDUSessionResourceModifyIndication struct {
	AMFUENGAPID                        AMFUENGAPID                        `ie:"10,reject,mandatory"`
	RANUENGAPID                        RANUENGAPID                        `ie:"85,reject,mandatory"`
	PDUSessionResourceModifyListModInd PDUSessionResourceModifyListModInd `ie:"63,reject,mandatory"`
	UserLocationInformation            *UserLocationInformation           `ie:"121,ignore,optional"`
}

// PDUSessionResourceModifyConfirm is the PDU SESSION RESOURCE MODIFY CONFIRM message, TS 38.413 §9.2.1.9.
//
//aper:message successful 27 reject
type PDUSessionResourceModifyConfirm struct {
	AMFUENGAPID                                AMFUENGAPID                                `ie:"10,ignore,mandatory"`
	RANUENGAPID                                RANUENGAPID                                `ie:"85,ignore,mandatory"`
	PDUSessionResourceModifyListModCfm         PDUSessionResourceModifyListModCfm         `ie:"62,ignore,optional"`
	PDUSessionResourceFailedToModifyListModCfm PDUSessionResourceFailedToModifyListModCfm `ie:"131,ignore,optional"`
	CriticalityDiagnostics                     *CriticalityDiagnostics                    `ie:"19,ignore,optional"`
}

// SecondaryRATDataUsageReport is the SECONDARY RAT DATA USAGE REPORT message, TS 38.413 §9.2.14.1.
//
//aper:message initiating 52 ignore
type SecondaryRATDataUsageReport struct {
	AMFUENGAPID                             AMFUENGAPID                             `ie:"10,ignore,mandatory"`
	RANUENGAPID                             RANUENGAPID                             `ie:"85,ignore,mandatory"`
	PDUSessionResourceSecondaryRATUsageList PDUSessionResourceSecondaryRATUsageList `ie:"142,ignore,mandatory"`
	HandoverFlag                            *HandoverFlag                           `ie:"143,ignore,optional"`
	UserLocationInformation                 *UserLocationInformation                `ie:"121,ignore,optional"`
}
