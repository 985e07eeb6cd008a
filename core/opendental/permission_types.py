"""Types of audit entries and of user permissions: Open Dental's enum `EnumPermType`."""

from __future__ import annotations

from enum import IntEnum

from core.opendental.numbered_names import NumberedNames


class Permission(IntEnum):
    """The permission types that this program writes or checks."""

    SETUP = 8
    SECURITY_ADMIN = 24
    BACKUP = 28
    USER_LOG_ON_OFF = 83
    AUDIT_TRAIL = 122
    DEF_EDIT = 220
    API_SUBSCRIPTION = 225
    LICENSE_ACCEPT = 258

    @property
    def label(self) -> str:
        """The name in Open Dental."""
        return PERMISSIONS.name(self)


QUERY_TYPES = (19, 87, 151)
"""The permission types of entries whose text is a database query: UserQuery, UserQueryAdmin and CommandQuery."""

# Numbers 0 to 265, as of Open Dental 24.4. The column is a signed smallint since 24.3.1.
PERMISSIONS = NumberedNames(
    """
None AppointmentsModule FamilyModule AccountModule TPModule ChartModule ImagingModule ManageModule Setup
RxCreate ProcComplEdit ChooseDatabase Schedules Blockouts ClaimSentEdit PaymentCreate PaymentEdit
AdjustmentCreate AdjustmentEdit UserQuery StartupSingleUserOld StartupMultiUserOld Reports
ProcComplCreate SecurityAdmin AppointmentCreate AppointmentMove AppointmentEdit Backup TimecardsEditAll
DepositSlips AccountingEdit AccountingCreate Accounting AnesthesiaIntakeMeds AnesthesiaControlMeds
InsPayCreate InsPayEdit TreatPlanEdit ReportProdInc TimecardDeleteEntry EquipmentDelete SheetEdit
CommlogEdit ImageDelete PerioEdit ProcEditShowFee AdjustmentEditZero EhrEmergencyAccess ProcDelete
EhrKeyAdd ProviderEdit EcwAppointmentRevise ProcedureNoteFull ReferralAdd InsPlanChangeSubsc
RefAttachAdd RefAttachDelete CarrierCreate GraphicalReports AutoNoteQuickNoteEdit EquipmentSetup Billing
ProblemDefEdit ProcFeeEdit InsPlanChangeCarrierName TaskNoteEdit WikiListSetup Copy Printing
MedicalInfoViewed PatProblemListEdit PatMedicationListEdit PatAllergyListEdit PatFamilyHealthEdit
PatientPortal RxEdit AdminDentalStudents AdminDentalInstructors OrthoChartEditFull PatientFieldEdit
AdminDentalEvaluations TreatPlanDiscountEdit UserLogOnOff TaskEdit EmailSend WebMailSend UserQueryAdmin
InsPlanChangeAssign ImageEdit EhrMeasureEventEdit EServicesSetup FeeSchedEdit ProviderFeeEdit
PatientMerge ClaimHistoryEdit AppointmentCompleteEdit WebMailDelete RequiredFields ReferralMerge
ProcEdit ProviderMerge MedicationMerge AccountProcsQuickAdd ClaimSend TaskListCreate PatientCreate
GraphicalReportSetup PatientEdit InsPlanCreate InsPlanEdit InsPlanCreateSub InsPlanEditSub InsPlanAddPat
InsPlanDropPat InsPlanVerifyList SplitCreatePastLockDate ProcComplEditLimited ClaimDelete
InsWriteOffEdit ApptConfirmStatusEdit GraphicsRemoteEdit AuditTrail TreatPlanPresenterEdit
ProviderAlphabetize ClaimProcReceivedEdit StatementPatNumMismatch MobileWeb PatPlanCreate PatPriProvEdit
ReferralEdit PatientBillingEdit ReportProdIncAllProviders ReportDaily ReportDailyAllProviders
PatientApptRestrict SheetDelete UpdateCustomTracking GraphicsEdit InsPlanOrthoEdit
ClaimProcClaimAttachedProvEdit InsPlanMerge InsCarrierCombine PopupEdit InsPlanPickListExisting
OrthoChartEditUser ProcedureNoteUser GroupNoteEditSigned WikiAdmin PayPlanEdit ClaimEdit CommandQuery
ReplicationSetup PreAuthSentEdit LogFeeEdit LogSubscriberEdit RecallEdit ProcCodeEdit AddNewUser
ClaimView RepeatChargeTool DiscountPlanAddDrop TreatPlanSign ProcExistingEdit UnrestrictedSearch
ArchivedPatientEdit CommlogPersistent VerifyPhoneOwnership SalesTaxAdjEdit InsuranceVerification
CreditCardMove AgingRan HeadmasterSetup DashboardWidget NewClaimsProcNotBilled PatientPortalLogin
FAQEdit FeatureRequestEdit TaskReminderPopup SupplementalBackup WebSchedRecallManualSend PatientSSNView
PatientDOBView FamAgingTruncate DiscountPlanMerge ProcCompleteStatusEdit ProcCompleteAddAdj
ProcCompleteEditMisc ProcCompleteNote ProcCompleteEdit ProtectedLeaveAdjustmentEdit TimeAdjustEdit
QueryMonitor CommlogCreate WebFormAccess CloseOtherSessions RepeatChargeCreate RepeatChargeUpdate
RepeatChargeDelete Zoom FormAdded ImageExport ImageCreate CertificationEmployee CertificationSetup
EmployerCreate AllowLoginFromAnyLocation LogDoseSpotMedicationNoteEdit PayPlanChargeDateEdit
DiscountPlanAdd DiscountPlanEdit AllowFeeEditWhileReceivingClaim ManageHighSecurityProgProperties
CreditCardEdit MedicationDefEdit AllergyDefEdit Advertising TextMessageView TextMessageSend RxMerge
DefEdit UpdateInstall AdjustmentTypeDeny StatementCSV CarrierEdit ApiSubscription SecurityGlobal
EditReadOnlyTasks TaskDelete SetupWizard ShowFeatures PrinterSetup ProviderAdd ClinicEdit ApiAccountEdit
RegistrationKeyCreate RegistrationKeyEdit AppointmentDelete AppointmentCompleteDelete
AppointmentTypeEdit TextingAccountEdit WebChatEdit SupplierEdit SupplyPurchases
PreferenceEditBroadcastMonitor AppointmentResize CreditCardTerminal ViewAppointmentAuditTrail
PayPlanChargeEdit ArchivedPatientSelect CloudCustomerEdit ChanSpy ClaimProcFeeBilledToInsEdit
AllergyMerge AiChatSession BadgeIdEdit ChildDaycareEdit PerioEditCopy LicenseAccept EFormEdit
EFormDelete MobileNotification ChartViewsEdit SuperFamilyDisband ImageSignatureCreate SignedImageEdit
""".split(),
    largest=32_767,
)
